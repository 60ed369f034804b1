// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import oasis.os.OsException;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.testkit.Gen;
import oasis.testkit.NoAllocation;
import oasis.testkit.Packets;
import oasis.testkit.TestNamespace;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Raw sending from one host to another, and to what lies behind it. */
class RawSenderIT {
  private static final String LEFT4 = "10.8.0.1";
  private static final String RIGHT4 = "10.8.0.2";
  private static final String LEFT6 = "fd00:8::1";
  private static final String RIGHT6 = "fd00:8::2";
  private static final String BEHIND4 = "10.9.0.9";
  private static final String BEHIND6 = "fd00:9::9";
  private static final int PORT = 62_000;

  private TestNamespace left;
  private TestNamespace right;
  private RawSender sender;
  private LinuxCapturePort capture;

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
    capture = right.in(() -> LinuxCapturePort.open(all, 61_000, 64_999, new int[0]));
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

  private void link(String device, String net4, String net6) throws OsException {
    left.join(device, net4 + ".1/24", right, device, net4 + ".2/24");
    left.run("ip addr add " + net6 + ":1/64 dev " + device + " nodad");
    right.run("ip addr add " + net6 + ":2/64 dev " + device + " nodad");
  }

  /** Makes the left host know the right one's link addresses. */
  private void resolve() throws Exception {
    left.run("ping -c 1 -W 2 " + RIGHT4);
    left.run("ping -c 1 -W 2 " + RIGHT6);
  }

  private void send(Burst burst) {
    assertThat(sender.add(burst)).isZero();
    sender.flush();
  }

  private List<byte[]> captured(int packets) throws InterruptedException {
    List<byte[]> all = new ArrayList<>();
    Burst burst = new Burst();
    for (int tries = 0; tries < 300 && all.size() < packets; tries++) {
      int n = capture.receive();
      for (int i = 0; i < n; i++) {
        if (capture.burst(i, burst)) {
          all.addAll(Bursts.packets(burst));
        }
      }
      if (n == 0) {
        TimeUnit.MILLISECONDS.sleep(2);
      }
    }
    return all;
  }

  private void everythingArrivesAsTheSegmenterMakesIt(String from, String to) throws Exception {
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
  private static List<String> names(List<byte[]> packets) {
    return packets.stream().map(p -> p.length + ":" + Arrays.hashCode(p)).toList();
  }

  private void bothFamilies() throws Exception {
    resolve();
    everythingArrivesAsTheSegmenterMakesIt(LEFT4, RIGHT4);
    everythingArrivesAsTheSegmenterMakesIt(LEFT6, RIGHT6);
    everythingArrivesAsTheSegmenterMakesIt(LEFT4, BEHIND4);
    everythingArrivesAsTheSegmenterMakesIt(LEFT6, BEHIND6);
    assertThat(sender.counters().snapshot().drops()).isEmpty();
    assertThat(sender.counters().snapshot().offloadRefusals()).isZero();
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
  void aNeighbourNotYetResolvedIsResolvedByTheKernelAndNothingIsLost() throws Exception {
    everythingArrivesAsTheSegmenterMakesIt(LEFT4, BEHIND4);
    everythingArrivesAsTheSegmenterMakesIt(LEFT6, BEHIND6);
    assertThat(sender.rawBursts()).isPositive();
    assertThat(sender.packetBursts()).isGreaterThan(sender.rawBursts());
  }

  @Test
  void theMarkDecidesTheRoute() throws Exception {
    link("eth1", "10.8.1", "fd00:8:1:");
    left.run("ip rule add fwmark 0x20000000/0x20000000 table 99");
    left.run("ip route add 10.9.0.0/24 via 10.8.1.2 table 99");
    left.run("ping -c 1 -W 2 10.8.1.2");
    sender.close();
    sender = left.in(() -> RawSender.open(RawSender.Way.PACKET, 0x2000_0000));
    int before = received("eth1");
    send(udp(LEFT4, BEHIND4, 100));
    assertThat(captured(1)).hasSize(1);
    assertThat(received("eth1")).isEqualTo(before + 1);
    assertThat(sender.packetBursts()).isEqualTo(1);
  }

  /** Packets that an interface of the right host has received. */
  private int received(String device) throws OsException {
    String[] lines = right.run("ip -s link show " + device).split("\n", -1);
    for (int i = 0; i < lines.length; i++) {
      if (lines[i].contains("RX:")) {
        return Integer.parseInt(lines[i + 1].strip().split(" +", -1)[1]);
      }
    }
    throw new AssertionError(String.join("\n", lines));
  }

  private static Burst udp(String from, String to, int payloadBytes) {
    FlowKey key = Packets.key(Ip.UDP, from, 7, to, PORT);
    return Bursts.single(Packets.udp(key, new Gen(payloadBytes).bytes(payloadBytes)));
  }

  private static Burst withoutDontFragment(Burst b) {
    ByteBuffer packet = ByteBuffer.wrap(Packets.bytes(b));
    packet.putShort(6, (short) 0).putShort(10, (short) 0);
    packet.putShort(10, (short) Checksum.finish(Checksum.sum(packet, 0, Ip.V4_BYTES, 0)));
    return Bursts.single(packet);
  }

  @Test
  void aGatewayThatChangesItsLinkAddressIsFollowed() throws Exception {
    resolve();
    DataLoop loop = new DataLoop("send");
    sender.join(loop);
    right.run("sysctl -qw net.ipv4.conf.eth0.arp_notify=1 net.ipv6.conf.eth0.ndisc_notify=1");
    try (loop;
        DatagramChannel four = right.in(DatagramChannel::open);
        DatagramChannel six = right.in(DatagramChannel::open)) {
      // Real sockets: a capture would also see what is not addressed to its link address.
      four.bind(new InetSocketAddress(RIGHT4, PORT)).configureBlocking(false);
      six.bind(new InetSocketAddress(RIGHT6, PORT)).configureBlocking(false);
      loop.start();
      assertThat(millisUntilReceived(loop, four, LEFT4, RIGHT4)).isLessThan(1000);
      assertThat(millisUntilReceived(loop, six, LEFT6, RIGHT6)).isLessThan(1000);
      TimeUnit.MILLISECONDS.sleep(1100); // the kernel locks a fresh entry for a second
      right.run("ip link set eth0 address 02:00:00:00:00:99");
      assertThat(millisUntilReceived(loop, four, LEFT4, RIGHT4)).isLessThan(3000);
      assertThat(millisUntilReceived(loop, six, LEFT6, RIGHT6)).isLessThan(3000);
      assertThat(left.run("ip neigh show 10.8.0.2")).contains("02:00:00:00:00:99");
      long sent = sender.packetBursts();
      assertThat(millisUntilReceived(loop, four, LEFT4, RIGHT4)).isLessThan(100);
      assertThat(millisUntilReceived(loop, six, LEFT6, RIGHT6)).isLessThan(100);
      assertThat(sender.packetBursts()).as("to the new address").isEqualTo(sent + 2);
    }
  }

  private static void drain(DatagramChannel socket) throws Exception {
    ByteBuffer into = ByteBuffer.allocate(2000);
    for (var from = socket.receive(into); from != null; from = socket.receive(into)) {
      into.clear();
    }
  }

  private long millisUntilReceived(DataLoop loop, DatagramChannel socket, String from, String to)
      throws Exception {
    ByteBuffer into = ByteBuffer.allocate(2000);
    drain(socket);
    Burst burst = udp(from, to, 50);
    long start = System.nanoTime();
    for (int i = 0; i < 1000; i++) {
      loop.call(
              () -> {
                send(burst);
                return true;
              })
          .join();
      TimeUnit.MILLISECONDS.sleep(5);
      if (socket.receive(into.clear()) != null) {
        break;
      }
    }
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
  }

  @Test
  void trafficInOneDirectionKeepsTheNeighbourFresh() throws Exception {
    for (String family : List.of("ipv4", "ipv6")) {
      String neigh = "net." + family + ".neigh.eth0.";
      // Longer than the other one, as the defaults of 30 and 5 s are: so it becomes stale.
      left.run("sysctl -qw " + neigh + "base_reachable_time_ms=2500");
      left.run("sysctl -qw " + neigh + "delay_first_probe_time=1");
    }
    resolve();
    Burst four = udp(LEFT4, BEHIND4, 100);
    Burst six = udp(LEFT6, BEHIND6, 100);
    int confirmed = 0;
    for (int i = 0; i < 500; i++) {
      sender.hearChanges();
      send(four);
      send(six);
      TimeUnit.MILLISECONDS.sleep(20);
      if (i % 10 == 0) {
        String state = left.run("ip neigh show 10.8.0.2") + left.run("ip neigh show fd00:8::2");
        assertThat(state).doesNotContain("FAILED").doesNotContain("INCOMPLETE");
        confirmed += i > 250 && state.contains("REACHABLE") ? 1 : 0;
      }
    }
    assertThat(confirmed).as("looks that found it reachable, after 5 s").isPositive();
    assertThat(sender.rawBursts()).as("to be confirmed").isBetween(2L, 100L);
    assertThat(sender.packetBursts()).isGreaterThan(900);
    assertThat(captured(1000)).hasSize(1000);
  }

  @Test
  void aRouteThatMovesToAnotherInterfaceIsFollowed() throws Exception {
    link("eth1", "10.8.1", "fd00:8:1:");
    left.run("ping -c 1 -W 2 10.8.1.2");
    left.run("ping -c 1 -W 2 fd00:8:1::2");
    resolve();
    for (String to : List.of(BEHIND4, BEHIND6)) {
      boolean v4 = to.equals(BEHIND4);
      Burst burst = udp(v4 ? LEFT4 : LEFT6, to, 100);
      send(burst);
      assertThat(captured(1)).hasSize(1);
      TimeUnit.MILLISECONDS.sleep(250); // news are not asked after more often
      sender.hearChanges();
      send(burst);
      left.run(
          v4
              ? "ip route replace 10.9.0.0/24 via 10.8.1.2 dev eth1"
              : "ip -6 route replace fd00:9::/64 via fd00:8:1::2 dev eth1");
      TimeUnit.MILLISECONDS.sleep(250);
      sender.hearChanges();
      captured(1);
      int before = received("eth1");
      send(burst);
      assertThat(captured(1)).hasSize(1);
      assertThat(received("eth1")).isBetween(before + 1, before + 3);
    }
  }

  @Test
  void whileAnInterfaceIsDownPacketsAreCountedAndThenTheyGoOn() throws Exception {
    resolve();
    Burst burst = udp(LEFT4, RIGHT4, 100);
    send(burst);
    left.run("ip link set eth0 down");
    send(burst);
    assertThat(sender.counters().drops(DropReason.SEND_REFUSED)).isEqualTo(1);
    TimeUnit.MILLISECONDS.sleep(250);
    sender.hearChanges();
    send(burst);
    assertThat(sender.counters().drops(DropReason.SEND_REFUSED)).isEqualTo(2);
    left.run("ip link set eth0 up");
    captured(1);
    for (int i = 0; i < 300 && captured(1).isEmpty(); i++) {
      sender.hearChanges();
      send(burst);
    }
    long sent = sender.packetBursts();
    left.run("ping -c 1 -W 2 " + RIGHT4);
    TimeUnit.MILLISECONDS.sleep(250);
    sender.hearChanges();
    send(burst);
    assertThat(captured(1)).isNotEmpty();
    assertThat(sender.packetBursts()).isEqualTo(sent + 1);
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
      for (int i = 0; i < 200 && socket.receive(into.clear()) == null; i++) {
        TimeUnit.MILLISECONDS.sleep(5);
      }
      byte[] received = new byte[into.flip().remaining()];
      into.get(received);
      assertThat(received).isEqualTo(new Gen(4000).bytes(4000));
    }
  }

  @Test
  void anMtuThatShrinksIsHeardBeforeBurstsAreLost() throws Exception {
    resolve();
    FlowKey key = Packets.key(Ip.TCP, LEFT4, 7, RIGHT4, PORT);
    ByteBuffer packet = Packets.tcp(key, 0x10, 1, 1, new byte[20_000]);
    Burst burst = Bursts.burst(packet, 1460);
    send(burst);
    TimeUnit.MILLISECONDS.sleep(250);
    left.run("ip link set eth0 mtu 1400");
    sender.hearChanges();
    assertThat(sender.add(burst)).isEqualTo(1400);
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
    assertThat(names(captured(400))).isEqualTo(names(Bursts.packets(refused)));
    assertThat(sender.counters().snapshot().offloadRefusals()).isEqualTo(1);
    send(good);
    send(other);
    assertThat(sender.counters().snapshot().outMessages()).isEqualTo(400 + 4 + 1);
    List<byte[]> expected = new ArrayList<>(Bursts.packets(good));
    expected.addAll(Bursts.packets(other));
    assertThat(names(captured(8))).isEqualTo(names(expected));
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
