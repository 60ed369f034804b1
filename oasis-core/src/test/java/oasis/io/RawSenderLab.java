// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oasis.os.OsException;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import oasis.testkit.TestNamespace;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * Two hosts on a link, of both families, and networks behind the second that swallow everything.
 */
abstract class RawSenderLab {
  static final String LEFT4 = "10.8.0.1";
  static final String RIGHT4 = "10.8.0.2";
  static final String LEFT6 = "fd00:8::1";
  static final String RIGHT6 = "fd00:8::2";
  static final String BEHIND4 = "10.9.0.9";
  static final String BEHIND6 = "fd00:9::9";
  static final int PORT = 62_000;

  TestNamespace left;
  TestNamespace right;
  RawSender sender;
  LinuxCapturePort capture;

  @BeforeEach
  void open() throws Exception {
    left = new TestNamespace("iosend");
    right = new TestNamespace("iosend");
    link("eth0", "10.8.0", "fd00:8:");
    left.run("ip route add 10.9.0.0/24 via 10.8.0.2");
    left.run("ip route add fd00:9::/64 via fd00:8::2");
    // What lies behind the right host swallows everything and answers nothing.
    right.run("ip route add blackhole 10.9.0.0/24");
    right.run("ip route add blackhole fd00:9::/64");
    right.run("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
    sender = left.in(() -> RawSender.open(RawSender.Way.AUTO, 0));
    List<Address> all =
        List.of(
            Address.parse(RIGHT4),
            Address.parse(RIGHT6),
            Address.parse(BEHIND4),
            Address.parse(BEHIND6));
    capture = right.in(() -> LinuxCapturePort.open(all, 61_000, 64_999, new int[0], false));
  }

  @AfterEach
  void close() throws Exception {
    if (sender != null) {
      sender.close();
    }
    if (capture != null) {
      capture.close();
    }
    left.close();
    right.close();
  }

  void link(String device, String net4, String net6) throws OsException {
    left.join(device, net4 + ".1/24", right, device, net4 + ".2/24");
    left.run("ip addr add " + net6 + ":1/64 dev " + device + " nodad");
    right.run("ip addr add " + net6 + ":2/64 dev " + device + " nodad");
  }

  /** Makes the left host know the right one's link addresses. */
  void resolve() throws Exception {
    left.run("ping -c 1 -W 20 " + RIGHT4);
    left.run("ping -c 1 -W 20 " + RIGHT6);
  }

  void send(Burst burst) {
    assertThat(sender.add(burst)).isZero();
    sender.flush();
  }

  List<byte[]> captured(int packets) throws InterruptedException {
    return Captured.packets(capture, packets);
  }

  void everythingArrivesAsTheSegmenterMakesIt(String from, String to) throws Exception {
    Gen gen = new Gen(Gen.baseSeed());
    for (int round = 0; round < 40; round++) {
      List<byte[]> expected = new ArrayList<>();
      List<Burst> bursts = new ArrayList<>(); // which keep their memory alive until the flush
      for (int i = 0; i < 4; i++) {
        Burst burst = Bursts.any(gen, from, to, PORT);
        expected.addAll(Bursts.packets(burst));
        bursts.add(burst);
        assertThat(sender.add(burst)).isZero();
      }
      sender.flush();
      assertThat(bursts).hasSize(4);
      assertThat(names(captured(expected.size())))
          .as("seed %d, round %d", gen.seed(), round)
          .isEqualTo(names(expected));
    }
  }

  /** Length and digest of each packet: what a failure shows in place of many bytes. */
  static List<String> names(List<byte[]> packets) {
    return packets.stream().map(p -> p.length + ":" + Arrays.hashCode(p)).toList();
  }

  static Burst udp(String from, String to, int payloadBytes) {
    FlowKey key = Packets.key(Ip.UDP, from, 7, to, PORT);
    return Bursts.single(Packets.udp(key, new Gen(payloadBytes).bytes(payloadBytes)));
  }
}
