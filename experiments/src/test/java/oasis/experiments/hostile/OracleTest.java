// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

class OracleTest {
  private static final int CLIENT = 0;
  private static final int STRANGER = 8;
  private static final String INNER = "10.9.8.7";
  private static final String EXTERNAL = "203.0.113.1";
  private static final byte[] DATA = {1, 2, 3, 4, 5};

  private final Oracle oracle =
      new Oracle(new Policy(List.of(EXTERNAL, "2600:9::1")), Sender.all(), false);

  private static byte[] bytes(ByteBuffer packet) {
    byte[] bytes = new byte[packet.capacity()];
    packet.get(0, bytes);
    return bytes;
  }

  private static byte[] udp(String from, int port, String to) {
    return bytes(Packets.udp(Packets.key(Ip.UDP, from, port, to, 53), DATA));
  }

  private static byte[] tcp(String from, int port, String to, int service, int flags) {
    return bytes(Packets.tcp(Packets.key(Ip.TCP, from, port, to, service), flags, 7, 9, DATA));
  }

  private boolean expect(byte[] packet, int sender) {
    return oracle.expect(packet, packet.length, sender);
  }

  private void assertMayLeave(byte[] packet) {
    assertThat(oracle.judge(packet, 0, packet.length)).isNull();
  }

  private void assertMustNotLeave(byte[] packet, String why) {
    assertThat(oracle.judge(packet, 0, packet.length)).contains(why);
  }

  @Test
  void whatAClientSentLeavesTranslatedAndNoMoreOften() {
    assertThat(expect(udp(INNER, 40_000, "8.8.8.8"), CLIENT)).isTrue();
    assertMayLeave(udp(EXTERNAL, 61_234, "8.8.8.8"));
    assertMustNotLeave(udp(EXTERNAL, 61_234, "8.8.8.8"), "not so often");
  }

  @Test
  void whatNobodySentMustNotLeave() {
    expect(udp(INNER, 40_000, "8.8.8.8"), CLIENT);
    assertMustNotLeave(udp(EXTERNAL, 61_234, "8.8.4.4"), "nobody may have sent this");
  }

  @Test
  void strangersReachNothing() {
    assertThat(expect(udp(INNER, 40_000, "8.8.8.8"), STRANGER)).isFalse();
    assertMustNotLeave(udp(EXTERNAL, 61_234, "8.8.8.8"), "nobody may have sent this");
  }

  @Test
  void closedDestinationsStayClosed() {
    for (String to :
        List.of(
            "10.1.2.3",
            "127.0.0.1",
            "169.254.169.254",
            "172.31.255.255",
            "192.168.1.1",
            "100.127.0.1",
            "198.19.0.1",
            "255.255.255.255",
            EXTERNAL)) {
      assertThat(expect(udp(INNER, 40_000, to), CLIENT)).as(to).isFalse();
      assertMustNotLeave(udp(EXTERNAL, 61_234, to), "closed");
    }
    for (String to :
        List.of(
            "::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
            "64:ff9b::10.0.0.1",
            "2002:c0a8:101::1",
            "64:ff9b::203.0.113.1",
            "2600:9::1")) {
      assertThat(expect(udp("fdc6:9::7", 40_000, to), CLIENT)).as(to).isFalse();
    }
    for (String to : List.of("172.32.0.1", "8.8.8.8", "192.0.1.1", "100.128.0.1")) {
      assertThat(expect(udp(INNER, 40_000, to), CLIENT)).as(to).isTrue();
    }
    assertThat(expect(udp("fdc6:9::7", 40_000, "64:ff9b::8.8.8.8"), CLIENT)).isTrue();
    assertThat(expect(udp("fdc6:9::7", 40_000, "2a00:1450::1"), CLIENT)).isTrue();
  }

  @Test
  void mailIsClosedAndOnlyASynBegins() {
    assertThat(expect(tcp(INNER, 40_000, "8.8.8.8", 25, Tcp.SYN), CLIENT)).isFalse();
    assertThat(expect(tcp(INNER, 40_000, "8.8.8.8", 80, Tcp.ACK), CLIENT)).isFalse();
    assertThat(expect(tcp(INNER, 40_000, "8.8.8.8", 80, Tcp.SYN), CLIENT)).isTrue();
    assertThat(expect(tcp(INNER, 40_000, "8.8.8.8", 80, Tcp.ACK), CLIENT)).isTrue();
    assertThat(expect(tcp(INNER, 40_000, "8.8.8.8", 80, Tcp.ACK), CLIENT + 1)).isFalse();
  }

  @Test
  void aDamagedPacketMustNotLeave() {
    byte[] packet = udp(INNER, 40_000, "8.8.8.8");
    packet[packet.length - 1] ^= 1;
    assertThat(expect(packet, CLIENT)).isFalse();
    packet = udp(INNER, 40_000, "8.8.8.8");
    packet[4] ^= 1;
    assertThat(expect(packet, CLIENT)).as("the header's checksum is wrong").isFalse();
    assertThat(expect(new byte[0], CLIENT)).isFalse();
  }

  @Test
  void aLaterFragmentNeedsItsFirst() {
    ByteBuffer whole =
        Packets.udp(Packets.key(Ip.UDP, INNER, 40_000, "8.8.8.8", 53), new byte[100]);
    List<byte[]> fragments =
        Packets.fragments(whole, 9, 64).stream().map(OracleTest::bytes).toList();
    assertThat(expect(fragments.get(1), CLIENT)).isTrue();
    assertMustNotLeave(fragments.get(1), "first fragment");
    assertThat(expect(fragments.get(1), CLIENT)).isTrue();
    assertThat(expect(fragments.get(0), CLIENT)).isTrue();
    assertMayLeave(fragments.get(0));
    assertMayLeave(fragments.get(1));
  }
}
