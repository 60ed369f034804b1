// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.MXRecord;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

class DnsMessageFuzzTest {
  private static final Name NAME = Name.fromConstantString("www.example.org.");

  @Test
  void noBytesThrowOrAreReadOutsideTheMessage() {
    Gen.cases(
        20_000,
        gen -> {
          byte[] wire = mutated(gen);
          ByteBuffer exact = ByteBuffer.allocate(wire.length + 5).put(5, wire);
          ByteBuffer guarded = ByteBuffer.allocateDirect(wire.length + 40);
          gen.fill(guarded, 0, guarded.capacity());
          guarded.put(5, wire);
          DnsMessage a = new DnsMessage();
          DnsMessage b = new DnsMessage();
          DropReason why = a.check(exact, 5, wire.length);
          assertThat(b.check(guarded, 5, wire.length)).isEqualTo(why);
          if (why == null) {
            assertThat(walk(a)).isEqualTo(walk(b));
            ByteBuffer out = ByteBuffer.allocate(600);
            DnsReply.withTtl(a, 5, out, 0, 512);
            DnsReply.addresses(a, new long[60], 30, 5, out, 0, 512);
            DnsReply.ptr(a, a.name(), 5, out, 0, 512);
            new Message(Slow.bytes(out, 0, DnsReply.noData(a, 5, out, 0, 512)));
          }
        });
  }

  private static byte[] mutated(Gen gen) throws Exception {
    if (gen.chance(0.1)) {
      return gen.bytes(gen.below(100));
    }
    byte[] wire = DnsOracleTest.response(gen).toWire(4000);
    for (int i = gen.below(4); i > 0; i--) {
      wire[gen.below(wire.length)] =
          (byte) (gen.chance(0.3) ? 0xc0 : gen.chance(0.3) ? gen.below(64) : gen.anyInt());
    }
    return gen.chance(0.2) ? Arrays.copyOf(wire, gen.below(wire.length + 1)) : wire;
  }

  private static String walk(DnsMessage m) {
    StringBuilder all = new StringBuilder(m.name());
    while (m.next()) {
      all.append('|').append(m.section()).append(m.recordName()).append(m.recordType());
      all.append(m.recordTtl()).append(m.dataStart() + m.dataBytes());
    }
    return all.toString();
  }

  @Test
  void pointersThatLoopOrLeadForwardsAreRefused() {
    byte[] wire = new byte[12 + 6 + 12];
    wire[5] = 1;
    wire[7] = 1;
    wire[12] = 1;
    wire[13] = 'a';
    // The record's name at 19 points to itself, ahead, into the header; then to the question.
    for (int target : new int[] {19, 20, 25, 0, 11, 12}) {
      byte[] m = Arrays.copyOf(wire, 19 + 12);
      Slow.put16(m, 19, 0xc000 | target);
      DropReason why = new DnsMessage().check(ByteBuffer.wrap(m), 0, m.length);
      assertThat(why).as("to %d", target).isEqualTo(target == 12 ? null : DropReason.BAD_DNS);
    }
  }

  @Test
  void aNameThatJumpsTooOftenIsRefused() {
    for (int jumps : new int[] {127, 128}) {
      ByteBuffer m = ByteBuffer.allocate(12 + 3 + 4 + 12 + 2 * jumps + 11);
      m.putShort(4, (short) 1).putShort(6, (short) 2).put(12, (byte) 1).put(13, (byte) 'a');
      // A record whose data is a chain of pointers down to the question, and one at its end.
      int data = 19 + 12;
      m.putShort(19, (short) 0xc00c).putShort(29, (short) (2 * (jumps - 1)));
      for (int i = 0; i < jumps; i++) {
        m.putShort(data + 2 * i, (short) (0xc000 | (i == 0 ? 12 : data + 2 * (i - 1))));
      }
      int bytes = data + 2 * jumps + 10;
      boolean good = new DnsMessage().check(m, 0, bytes) == null;
      assertThat(good).as("%d jumps", jumps).isEqualTo(jumps <= 127);
    }
  }

  @Test
  void aMessageIsCopiedWithoutTheOptRecordOfOneBefore() throws Exception {
    Message first = Message.newQuery(Record.newRecord(NAME, Type.MX, DClass.IN));
    first.addRecord(new OPTRecord(1_232, 0, 0), Section.ADDITIONAL);
    byte[] wire = first.toWire();
    DnsMessage message = new DnsMessage();
    ByteBuffer large = ByteBuffer.allocate(101_000).put(100_000, wire);
    assertThat(message.check(large, 100_000, wire.length)).isNull();

    Message second = Message.newQuery(Record.newRecord(NAME, Type.MX, DClass.IN));
    second.addRecord(new MXRecord(NAME, DClass.IN, 300, 10, NAME), Section.ANSWER);
    byte[] bare = second.toWire();
    InetAddress address = InetAddress.getByName("203.0.113.1");
    second.addRecord(new ARecord(NAME, DClass.IN, 300, address), Section.ADDITIONAL);
    wire = second.toWire();
    ByteBuffer small = ByteBuffer.allocate(1_024).put(0, wire);
    assertThat(message.check(small, 0, wire.length)).isNull();
    ByteBuffer out = ByteBuffer.allocate(600);
    int bytes = DnsReply.withoutAdditional(message, out, 0, 512);
    assertThat(Slow.bytes(out, 0, bytes)).isEqualTo(bare);
  }

  @Test
  void everyByteOfANameIsWrittenBackAsItWasRead() {
    for (int c = 0; c < 256; c++) {
      byte[] name = {2, (byte) c, 'x', 0};
      StringBuilder text = new StringBuilder();
      ByteBuffer b = ByteBuffer.allocate(16).put(12, name);
      assertThat(DnsNames.read(b, 0, 12, 16, text)).isEqualTo(16);
      boolean plain = c > ' ' && c < 127 && c != '.' && c != '\\';
      char lower = (char) (c >= 'A' && c <= 'Z' ? c + 32 : c);
      assertThat(text.toString()).isEqualTo(plain ? lower + "x" : String.format("\\%03dx", c));
      ByteBuffer out = ByteBuffer.allocate(16);
      assertThat(DnsNames.write(text.toString(), out, 0, 16)).isEqualTo(4);
      assertThat(out.get(1)).isEqualTo((byte) (plain ? lower : c));
    }
  }

  @Test
  void aNameLongerThan255BytesIsRefused() {
    for (int labels : new int[] {126, 127, 128}) {
      ByteBuffer m = ByteBuffer.allocate(12 + labels * 2 + 1 + 4);
      m.putShort(4, (short) 1);
      for (int i = 0; i < labels; i++) {
        m.put(12 + 2 * i, (byte) 1).put(13 + 2 * i, (byte) 'x');
      }
      boolean good = new DnsMessage().check(m, 0, m.capacity()) == null;
      assertThat(good).isEqualTo(labels <= 127);
    }
  }

  @Test
  void oddBytesInANameAreEscapedSoThatNoDotIsForged() {
    byte[] wire = {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4, 'A', '.', '\\', 0, 1, 'b', 0, 0, 1, 0, 1};
    DnsMessage m = new DnsMessage();
    assertThat(m.check(ByteBuffer.wrap(wire), 0, wire.length)).isNull();
    assertThat(m.name()).isEqualTo("a\\046\\092\\000.b");
    ByteBuffer out = ByteBuffer.allocate(100);
    int end = DnsNames.write(m.name(), out, 0, 100);
    assertThat(Slow.bytes(out, 0, end)).isEqualTo(new byte[] {4, 'a', '.', '\\', 0, 1, 'b', 0});
  }

  @Test
  void messagesWithoutExactlyOneQuestionOrWithTrailingBytesAreRefused() {
    byte[] wire = {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1};
    for (int questions = 0; questions <= 2; questions++) {
      wire[5] = (byte) questions;
      boolean good = new DnsMessage().check(ByteBuffer.wrap(wire), 0, wire.length) == null;
      assertThat(good).isEqualTo(questions == 1);
    }
    wire[5] = 1;
    byte[] longer = Arrays.copyOf(wire, wire.length + 1);
    assertThat(new DnsMessage().check(ByteBuffer.wrap(longer), 0, longer.length))
        .isEqualTo(DropReason.BAD_DNS);
  }
}
