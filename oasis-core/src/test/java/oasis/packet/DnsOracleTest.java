// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/** Our view and our answers beside dnsjava's. */
class DnsOracleTest {
  private static final int LIMIT = 512;

  private final ByteBuffer out = ByteBuffer.allocateDirect(4096);

  static Name name(Gen gen) throws Exception {
    StringBuilder text = new StringBuilder();
    for (int i = gen.range(1, 5); i > 0; i--) {
      for (int j = gen.range(1, 15); j > 0; j--) {
        text.append("abcXYZ019-_".charAt(gen.below(11)));
      }
      text.append('.');
    }
    return Name.fromString(text.toString());
  }

  static Message query(Gen gen, int type) throws Exception {
    Message query = Message.newQuery(Record.newRecord(name(gen), type, DClass.IN));
    if (gen.flip()) {
      query.addRecord(new OPTRecord(1400, 0, 0, gen.flip() ? 0x8000 : 0), Section.ADDITIONAL);
    }
    if (gen.flip()) {
      query.getHeader().unsetFlag(Flags.RD);
    }
    return query;
  }

  /** A message with compression, as a server would send it. */
  static Message response(Gen gen) throws Exception {
    Message m = query(gen, gen.pick(Type.A, Type.AAAA, Type.TXT));
    m.getHeader().setFlag(Flags.QR);
    Name asked = m.getQuestion().getName();
    Name at = asked;
    for (int i = gen.below(3); i > 0; i--) {
      Name next = gen.flip() ? name(gen) : new Name("c" + i, asked);
      m.addRecord(new CNAMERecord(at, DClass.IN, gen.below(100_000), next), Section.ANSWER);
      at = next;
    }
    for (int i = gen.below(4); i > 0; i--) {
      InetAddress a = InetAddress.getByAddress(gen.bytes(4));
      m.addRecord(new ARecord(at, DClass.IN, gen.below(100_000), a), Section.ANSWER);
    }
    if (gen.flip()) {
      m.addRecord(new TXTRecord(at, DClass.IN, 5, "some text"), Section.ANSWER);
    }
    if (gen.flip()) {
      m.addRecord(
          new SOARecord(asked, DClass.IN, 900, name(gen), asked, 1, 2, 3, 4, 5), Section.AUTHORITY);
    }
    return m;
  }

  static DnsMessage read(byte[] wire) {
    DnsMessage message = new DnsMessage();
    ByteBuffer b = ByteBuffer.allocateDirect(wire.length + 9).put(4, wire);
    assertThat(message.check(b, 4, wire.length)).isNull();
    return message;
  }

  private static String text(Name name) {
    String text = name.toString(true).toLowerCase(Locale.ROOT);
    return text.equals("@") || text.equals(".") ? "" : text;
  }

  @Test
  void aMessageIsReadAsDnsjavaReadsIt() {
    Gen.cases(
        500,
        gen -> {
          Message theirs = response(gen);
          byte[] wire = theirs.toWire(4000);
          DnsMessage ours = read(wire);
          assertThat(ours.id()).isEqualTo(theirs.getHeader().getID());
          assertThat(ours.response()).isTrue();
          assertThat(ours.opcode()).isZero();
          assertThat(ours.rcode()).isZero();
          assertThat(ours.truncated()).isFalse();
          assertThat(ours.name()).isEqualTo(text(theirs.getQuestion().getName()));
          assertThat(ours.type()).isEqualTo(theirs.getQuestion().getType());
          assertThat(ours.questionClass()).isEqualTo(DClass.IN);
          assertThat(ours.udpBytes()).isEqualTo(theirs.getOPT() == null ? 512 : 1400);
          for (int section = Section.ANSWER; section <= Section.ADDITIONAL; section++) {
            for (Record r : theirs.getSection(section)) {
              assertThat(ours.next()).isTrue();
              assertThat(ours.section()).isEqualTo(section - Section.ANSWER);
              assertThat(ours.recordName()).isEqualTo(text(r.getName()));
              assertThat(ours.recordType()).isEqualTo(r.getType());
              assertThat(ours.recordClass()).isEqualTo(r.getDClass());
              assertThat(ours.recordTtl()).isEqualTo(r.getTTL());
              assertData(ours, r);
            }
          }
          assertThat(ours.next()).isFalse();
        });
  }

  private static void assertData(DnsMessage ours, Record r) {
    if (r instanceof ARecord a) {
      assertThat(ours.dataBytes()).isEqualTo(4);
      assertThat(Slow.bytes(ours.buffer(), ours.dataStart(), 4))
          .isEqualTo(a.getAddress().getAddress());
    }
  }

  @Test
  void ttlsAreClampedAndNothingElse() {
    Gen.cases(
        300,
        gen -> {
          Message m = response(gen);
          byte[] wire = m.toWire(4000);
          DnsMessage ours = read(wire);
          ByteBuffer copy = ByteBuffer.allocate(4_003);
          int bytes = DnsReply.withTtl(ours, 5, copy, 3, 4_000);
          boolean all = IntStream.rangeClosed(1, 3).allMatch(i -> brief(m, i));
          assertThat(bytes).isEqualTo(all ? 0 : wire.length);
          if (all) {
            return;
          }
          Message now = new Message(Slow.bytes(copy, 3, bytes));
          for (int section = Section.ANSWER; section <= Section.ADDITIONAL; section++) {
            List<Record> before = m.getSection(section);
            List<Record> after = now.getSection(section);
            assertThat(after).hasSameSizeAs(before);
            for (int i = 0; i < before.size(); i++) {
              boolean opt = before.get(i).getType() == Type.OPT;
              long ttl = before.get(i).getTTL();
              assertThat(after.get(i).getTTL()).isEqualTo(opt ? ttl : Math.min(ttl, 5));
              assertThat(after.get(i).rdataToString()).isEqualTo(before.get(i).rdataToString());
            }
          }
        });
  }

  private static boolean brief(Message m, int section) {
    return m.getSection(section).stream()
        .allMatch(record -> record.getType() == Type.OPT || record.getTTL() <= 5);
  }

  private Message answer(int bytes) throws Exception {
    assertThat(bytes).isLessThanOrEqualTo(LIMIT);
    return new Message(Slow.bytes(out, 3, bytes));
  }

  private static void assertEnvelope(Message answer, Message query) {
    assertThat(answer.getHeader().getID()).isEqualTo(query.getHeader().getID());
    assertThat(answer.getHeader().getFlag(Flags.QR)).isTrue();
    assertThat(answer.getHeader().getFlag(Flags.RA)).isTrue();
    assertThat(answer.getHeader().getFlag(Flags.RD)).isEqualTo(query.getHeader().getFlag(Flags.RD));
    assertThat(answer.getQuestion().getName().toString())
        .isEqualTo(query.getQuestion().getName().toString());
    assertThat(answer.getQuestion().getType()).isEqualTo(query.getQuestion().getType());
    assertThat(answer.getOPT() != null).isEqualTo(query.getOPT() != null);
    if (query.getOPT() != null) {
      assertThat(answer.getOPT().getFlags()).isEqualTo(query.getOPT().getFlags());
    }
  }

  @Test
  void addressesOfBothFamiliesAreAnsweredOnTheAskedName() {
    Gen.cases(
        300,
        gen -> {
          Message query = query(gen, Type.A);
          DnsMessage ours = read(query.toWire());
          int count = gen.range(1, 5);
          long[] halves = new long[2 * count];
          List<String> expected = new ArrayList<>();
          for (int i = 0; i < count; i++) {
            boolean v4 = gen.flip();
            halves[2 * i] = v4 ? 0 : gen.anyLong();
            halves[2 * i + 1] = v4 ? Addresses.v4(gen.anyInt()) : gen.anyLong();
            expected.add(Addresses.text(halves[2 * i], halves[2 * i + 1]));
          }
          Message a = answer(DnsReply.addresses(ours, halves, count, 5, out, 3, LIMIT));
          assertEnvelope(a, query);
          List<String> got = new ArrayList<>();
          for (Record r : a.getSection(Section.ANSWER)) {
            assertThat(r.getName()).isEqualTo(query.getQuestion().getName());
            assertThat(r.getTTL()).isEqualTo(5);
            InetAddress address =
                r instanceof ARecord v4 ? v4.getAddress() : ((AAAARecord) r).getAddress();
            got.add(Address.parse(address.getHostAddress()).toString());
          }
          assertThat(got).isEqualTo(expected);
        });
  }

  @Test
  void whatDoesNotFitIsLeftOutAndSaid() {
    Gen.cases(
        100,
        gen -> {
          Message query = query(gen, Type.ANY);
          boolean v4 = gen.flip();
          long[] halves = new long[120];
          for (int i = 1; v4 && i < halves.length; i += 2) {
            halves[i] = Addresses.v4(i);
          }
          DnsMessage ours = read(query.toWire());
          Message a = answer(DnsReply.addresses(ours, halves, 60, 5, out, 3, LIMIT));
          assertEnvelope(a, query);
          assertThat(a.getHeader().getFlag(Flags.TC)).isTrue();
          assertThat(a.getSection(Section.ANSWER)).hasSizeBetween(v4 ? 10 : 6, v4 ? 31 : 17);
        });
  }

  @Test
  void noDataAndErrorsAndPointersAreAnswered() {
    Gen.cases(
        200,
        gen -> {
          Message query = query(gen, Type.PTR);
          DnsMessage ours = read(query.toWire());
          Message none = answer(DnsReply.noData(ours, 4, out, 3, LIMIT));
          assertEnvelope(none, query);
          assertThat(none.getRcode()).isEqualTo(Rcode.NOERROR);
          assertThat(none.getSection(Section.ANSWER)).isEmpty();
          SOARecord soa = (SOARecord) none.getSection(Section.AUTHORITY).get(0);
          assertThat(soa.getMinimum()).isEqualTo(4);
          assertThat(soa.getTTL()).isEqualTo(4);

          for (int rcode : new int[] {DnsReply.SERVFAIL, DnsReply.NXDOMAIN, DnsReply.REFUSED}) {
            Message error = answer(DnsReply.error(ours, rcode, out, 3));
            assertEnvelope(error, query);
            assertThat(error.getRcode()).isEqualTo(rcode);
          }

          Name target = name(gen);
          Message ptr = answer(DnsReply.ptr(ours, text(target), 5, out, 3, LIMIT));
          assertEnvelope(ptr, query);
          assertThat(((PTRRecord) ptr.getSection(Section.ANSWER).get(0)).getTarget())
              .isEqualTo(target);
          for (String bad : List.of("a..b", ".", "a.", "x".repeat(64), "\\256", "\\25", "é€")) {
            int bytes = DnsReply.ptr(ours, bad, 5, out, 3, LIMIT);
            assertThat(answer(bytes).getRcode()).as(bad).isEqualTo(Rcode.SERVFAIL);
          }
        });
  }
}
