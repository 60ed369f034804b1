// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.testkit.Gen;
import oasis.testkit.NoAllocation;
import oasis.testkit.Packets;
import oasis.testkit.TestNamespace;
import org.junit.jupiter.api.Test;

/** What leaves a host by raw sending, and how. */
class RawSenderIT extends RawSenderLab {
  private void bothFamilies() throws Exception {
    resolve();
    everythingArrivesAsTheSegmenterMakesIt(LEFT4, RIGHT4);
    everythingArrivesAsTheSegmenterMakesIt(LEFT6, RIGHT6);
    everythingArrivesAsTheSegmenterMakesIt(LEFT4, BEHIND4);
    everythingArrivesAsTheSegmenterMakesIt(LEFT6, BEHIND6);
    assertThat(sender.counters().snapshot().drops()).isEmpty();
    assertThat(sender.counters().snapshot().offloadRefusals()).isZero();
  }

  private static Burst withoutDontFragment(Burst b) {
    ByteBuffer packet = ByteBuffer.wrap(Packets.bytes(b));
    packet.putShort(6, (short) 0).putShort(10, (short) 0);
    packet.putShort(10, (short) Checksum.finish(Checksum.sum(packet, 0, Ip.V4_BYTES, 0)));
    return Bursts.single(packet);
  }

  @Test
  void packetsAndBurstsArriveUnchangedThroughAnInterfaceWithOffloads() throws Exception {
    bothFamilies();
    assertThat(sender.packetBursts()).isEqualTo(4 * 160);
    assertThat(sender.rawBursts()).isZero();
    PortCounters.Snapshot out = sender.counters().snapshot();
    assertThat(out.outMessages()).as("one message per burst").isEqualTo(4 * 160);
    assertThat(out.outPkts()).isGreaterThan(4 * 160 * 5);
  }

  @Test
  void packetsAndBurstsArriveUnchangedThroughAnInterfaceWithoutOffloads() throws Exception {
    for (TestNamespace host : List.of(left, right)) {
      host.run("ethtool -K eth0 tx off sg off tso off gso off gro off");
    }
    bothFamilies();
    assertThat(sender.packetBursts()).isEqualTo(4 * 160);
  }

  @Test
  void packetsAndBurstsArriveUnchangedThroughRawSockets() throws Exception {
    sender.close();
    sender = left.in(() -> RawSender.open(RawSender.Way.RAW, 0x2000_0000));
    assertThat(sender.description()).isEqualTo("raw sockets");
    bothFamilies();
    assertThat(sender.packetBursts()).isZero();
    assertThat(sender.rawBursts()).isEqualTo(4 * 160);
  }

  @Test
  void anInterfaceThatIsNotEthernetIsSentToByARawSocket() throws Exception {
    try (LinuxTun tun = left.in(() -> LinuxTun.open("oas0", 1400))) {
      left.run("ip link set oas0 up");
      left.run("ip route add 10.30.0.0/24 dev oas0");
      left.run("ip -6 route add fd00:30::/64 dev oas0");
      send(udp(LEFT4, "10.30.0.1", 100));
      send(udp(LEFT6, "fd00:30::1", 100));
      assertThat(sender.rawBursts()).isEqualTo(2);
      assertThat(sender.packetBursts()).isZero();
      assertThat(sender.counters().snapshot().drops()).isEmpty();
      assertThat(tun.read(new Burst(), 0)).isEqualTo(TunPort.READ);
      assertThat(sender.add(udp(LEFT4, "10.30.0.1", 1380))).isEqualTo(1400);
    }
    send(udp(LEFT4, "127.0.0.1", 100));
    assertThat(sender.rawBursts()).isEqualTo(3);
  }

  @Test
  void aPacketThatIsTooLongIsAnsweredWithTheMtuOfInterfaceOrRoute() throws Exception {
    resolve();
    assertThat(sender.add(udp(LEFT4, RIGHT4, 1472))).isZero();
    assertThat(sender.add(udp(LEFT4, RIGHT4, 1473))).isEqualTo(1500);
    assertThat(sender.add(udp(LEFT6, RIGHT6, 1452))).isZero();
    assertThat(sender.add(udp(LEFT6, RIGHT6, 1453))).isEqualTo(1500);
    left.run("ip route replace 10.9.0.0/24 via 10.8.0.2 mtu 1300");
    left.run("ip -6 route replace fd00:9::/64 via fd00:8::2 mtu 1300");
    assertThat(sender.add(udp(LEFT4, BEHIND4, 1272))).isZero();
    assertThat(sender.add(udp(LEFT4, BEHIND4, 1273))).isEqualTo(1300);
    assertThat(sender.add(udp(LEFT6, BEHIND6, 1252))).isZero();
    assertThat(sender.add(udp(LEFT6, BEHIND6, 1253))).isEqualTo(1300);
    sender.flush();
    FlowKey key = Packets.key(Ip.TCP, LEFT4, 7, BEHIND4, PORT);
    ByteBuffer long4 = Packets.tcp(key, 0x10, 1, 1, new byte[20_000]);
    assertThat(sender.add(Bursts.burst(long4, 1261))).isEqualTo(1300);
    assertThat(sender.add(Bursts.burst(long4, 1260))).isZero();
    sender.flush();
    assertThat(captured(4 + 16)).hasSize(4 + 16);
    assertThat(sender.counters().snapshot().drops()).isEmpty();
  }

  @Test
  void aPacketThatMayBeFragmentedIs() throws Exception {
    resolve();
    try (DatagramChannel socket = right.in(DatagramChannel::open)) {
      socket.bind(new InetSocketAddress(RIGHT4, PORT)).configureBlocking(false);
      send(withoutDontFragment(udp(LEFT4, RIGHT4, 4000)));
      ByteBuffer into = ByteBuffer.allocate(5000);
      for (int i = 0; i < 4000 && socket.receive(into.clear()) == null; i++) {
        TimeUnit.MILLISECONDS.sleep(5);
      }
      byte[] received = new byte[into.flip().remaining()];
      into.get(received);
      assertThat(received).isEqualTo(new Gen(4000).bytes(4000));
    }
  }

  @Test
  void aBurstThatTheKernelRefusesIsSentAsPacketsAndItsKindRestsForAWhile() throws Exception {
    resolve();
    FlowKey udp = Packets.key(Ip.UDP, LEFT4, 7, RIGHT4, PORT);
    FlowKey tcp = Packets.key(Ip.TCP, LEFT4, 7, RIGHT4, PORT);
    // More segments than the kernel's UDP_MAX_SEGMENTS.
    Burst refused = Bursts.burst(Packets.udp(udp, new Gen(1).bytes(4000)), 10);
    Burst good = Bursts.burst(Packets.udp(udp, new Gen(2).bytes(4000)), 1000);
    Burst other = Bursts.burst(Packets.tcp(tcp, 0x10, 1, 1, new byte[4000]), 1000);
    send(refused);
    send(good); // at once: the rest lasts a second
    send(other);
    assertThat(sender.counters().snapshot().offloadRefusals()).isEqualTo(1);
    assertThat(sender.counters().snapshot().outMessages()).isEqualTo(400 + 4 + 1);
    List<byte[]> expected = new ArrayList<>(Bursts.packets(refused));
    expected.addAll(Bursts.packets(good));
    expected.addAll(Bursts.packets(other));
    assertThat(names(captured(400 + 8))).isEqualTo(names(expected));
    TimeUnit.MILLISECONDS.sleep(1050);
    send(good);
    assertThat(sender.counters().snapshot().outMessages()).isEqualTo(400 + 4 + 1 + 1);
    assertThat(sender.counters().snapshot().drops()).isEmpty();
  }

  @Test
  void aFullQueueOfTheInterfaceIsNoReasonToStopSendingBursts() throws Exception {
    resolve();
    left.run("tc qdisc replace dev eth0 root tbf rate 1mbit burst 3000 limit 50000");
    FlowKey tcp = Packets.key(Ip.TCP, LEFT4, 7, RIGHT4, PORT);
    Burst burst = Bursts.burst(Packets.tcp(tcp, 0x10, 1, 1, new byte[40_000]), 1000);
    for (int i = 0; i < 5; i++) {
      send(burst);
    }
    PortCounters.Snapshot counters = sender.counters().snapshot();
    assertThat(counters.drops()).containsOnlyKeys(DropReason.SEND_QUEUE_FULL);
    assertThat(sender.counters().drops(DropReason.SEND_QUEUE_FULL) + counters.outPkts())
        .isEqualTo(5 * 40);
    assertThat(counters.offloadRefusals()).isZero();
  }

  @Test
  void sendingAllocatesNothing() throws Exception {
    resolve();
    Burst single = udp(LEFT4, BEHIND4, 100);
    Burst six = udp(LEFT6, RIGHT6, 100);
    FlowKey key = Packets.key(Ip.TCP, LEFT4, 7, BEHIND4, PORT);
    ByteBuffer packet = Packets.tcp(key, 0x10, 1, 1, new byte[60_000]);
    Burst burst = Bursts.burst(packet, 1400);
    NoAllocation.check(
        1000,
        () -> {
          sender.hearChanges();
          sender.add(single);
          sender.add(burst);
          sender.add(six);
          sender.flush();
        });
    assertThat(sender.packetBursts()).isGreaterThan(5000);
  }
}
