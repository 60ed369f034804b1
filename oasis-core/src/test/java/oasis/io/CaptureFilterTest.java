// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import oasis.io.BpfInterpreter.Meta;
import oasis.packet.Address;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/** What the assembled program takes, by an interpreter of classic BPF. */
class CaptureFilterTest {
  private static final int TUN = 9;
  private static final String[] OURS = {"192.0.2.1", "192.0.2.200", "10.1.2.3"};

  private final long[] program =
      CaptureFilter.assemble(
          Stream.of(OURS).map(Address::parse).toList(), 61_000, 64_999, new int[] {TUN}, false);

  private static final Meta PLAIN = new Meta(0x800, 0, 2, 1, -1);

  private boolean takes(ByteBuffer ip, Meta meta) {
    return BpfInterpreter.takes(program, ip, meta);
  }

  private static ByteBuffer packet(int protocol, String to, int port) {
    FlowKey key = Packets.key(protocol, "198.51.100.1", 80, to, port);
    return protocol == Ip.TCP
        ? Packets.tcp(key, 0x10, 1, 1, new byte[4])
        : Packets.udp(key, new byte[4]);
  }

  private static ByteBuffer icmp(int type, int identifier) {
    FlowKey key = Packets.key(Ip.ICMP, "198.51.100.1", 0, OURS[0], 0);
    byte[] rest = new byte[30];
    rest[0] = (byte) (identifier >> 8);
    rest[1] = (byte) identifier;
    return Packets.icmp(key, type, 0, rest);
  }

  @Test
  void portsOfTheRangeAreTakenAndNoOthers() {
    Gen.cases(
        500,
        gen -> {
          int port = gen.pick(gen.below(65_536), 60_999, 61_000, 64_999, 65_000, 62_000);
          String to = gen.pick(0, 1) == 0 ? OURS[gen.below(3)] : "192.0.2." + gen.below(256);
          boolean ours = List.of(OURS).contains(to);
          boolean expected = ours && port >= 61_000 && port <= 64_999;
          int protocol = gen.flip() ? Ip.TCP : Ip.UDP;
          assertThat(takes(packet(protocol, to, port), PLAIN)).isEqualTo(expected);
        });
  }

  @Test
  void ofIcmpErrorsAndOurEchoRepliesAreTaken() {
    for (int type = 0; type < 20; type++) {
      boolean error = type == 3 || type == 11 || type == 12;
      assertThat(takes(icmp(type, 5), PLAIN)).as("type " + type).isEqualTo(error);
      assertThat(takes(icmp(type, 62_000), PLAIN)).isEqualTo(error || type == 0);
    }
  }

  @Test
  void otherProtocolsAndLaterFragmentsAreNotTaken() {
    ByteBuffer p = packet(Ip.UDP, OURS[0], 62_000);
    assertThat(takes(p, PLAIN)).isTrue();
    assertThat(takes(p.putShort(6, (short) 0x2000), PLAIN)).as("first fragment").isTrue();
    assertThat(takes(p.putShort(6, (short) 0x2001), PLAIN)).as("later fragment").isFalse();
    p.putShort(6, (short) 0).put(9, (byte) 50);
    assertThat(takes(p, PLAIN)).as("ESP").isFalse();
  }

  @Test
  void ipOptionsMoveThePorts() {
    ByteBuffer plain = packet(Ip.UDP, OURS[0], 62_000);
    ByteBuffer p = ByteBuffer.allocate(plain.capacity() + 8);
    p.put(0, plain, 0, 20).put(28, plain, 20, plain.capacity() - 20).put(0, (byte) 0x47);
    assertThat(takes(p, PLAIN)).isTrue();
    assertThat(takes(p.putShort(30, (short) 80), PLAIN)).isFalse();
  }

  @Test
  void onlyWhatCameInForThisHostFromOutsideIsTaken() {
    ByteBuffer p = packet(Ip.TCP, OURS[1], 62_000);
    assertThat(takes(p, new Meta(0x806, 0, 2, 1, -1))).as("ARP").isFalse();
    assertThat(takes(p, new Meta(0x800, 3, 2, 1, -1))).as("for another host").isFalse();
    assertThat(takes(p, new Meta(0x800, 0, TUN, 0xfffe, -1))).as("our TUN device").isFalse();
    assertThat(takes(p, new Meta(0x800, 0, 1, 772, -1))).as("loopback").isFalse();
    assertThat(takes(p, new Meta(0x800, 0, 5, 0xfffe, -1))).as("another tunnel").isTrue();
    assertThat(takes(p, new Meta(0x800, 0, 2, 1, 10))).as("of a VLAN").isFalse();
    assertThat(takes(p, new Meta(0x800, 0, 2, 1, 0x6000))).as("priority, no VLAN").isTrue();
  }

  @Test
  void anyNumberOfInterfacesIsLeftOut() {
    ByteBuffer p = packet(Ip.TCP, OURS[1], 62_000);
    int[] many =
        IntStream.rangeClosed(1, CaptureFilter.MAX_INTERFACES + 9).map(i -> 3 * i).toArray();
    List<Address> own = Collections.nCopies(16, Address.parse(OURS[1]));
    long[] filter = CaptureFilter.assemble(own, 1, 65_535, many, true);
    assertThat(filter.length).as("BPF_MAXINSNS").isLessThan(4096);
    for (int i = 0; i < 4000; i++) {
      boolean left = i > 0 && i % 3 == 0 && i / 3 <= CaptureFilter.MAX_INTERFACES;
      assertThat(BpfInterpreter.takes(filter, p, new Meta(0x800, 0, i, 1, -1))).isEqualTo(!left);
    }
  }

  @Test
  void tooManyAddressesAreRefused() {
    List<Address> many = Collections.nCopies(17, Address.parse("192.0.2.1"));
    assertThatThrownBy(() -> CaptureFilter.assemble(many, 1, 2, new int[0], true))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
