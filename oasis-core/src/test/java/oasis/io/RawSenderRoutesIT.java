// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.List;
import java.util.concurrent.TimeUnit;
import oasis.os.OsException;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/** Raw sending while routes, neighbours and interfaces change. */
class RawSenderRoutesIT extends RawSenderLab {
  private static final int MANY = 50;

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

  private static void drain(DatagramChannel socket) throws Exception {
    ByteBuffer into = ByteBuffer.allocate(2000);
    for (var from = socket.receive(into); from != null; from = socket.receive(into)) {
      into.clear();
    }
  }

  private void send(DataLoop loop, Burst burst) {
    loop.call(
            () -> {
              send(burst);
              return true;
            })
        .join();
  }

  /** Whether something comes within this time. */
  private static boolean receives(DatagramChannel socket, long withinMs) throws Exception {
    ByteBuffer into = ByteBuffer.allocate(2000);
    long begin = System.nanoTime();
    while (socket.receive(into.clear()) == null) {
      if (System.nanoTime() - begin > withinMs * 1_000_000) {
        return false;
      }
      TimeUnit.MILLISECONDS.sleep(1);
    }
    return true;
  }

  /** Sends until one comes: long before the kernel would find out by itself, in half a minute. */
  private void sendUntilReceived(DataLoop loop, DatagramChannel socket, Burst burst)
      throws Exception {
    drain(socket);
    long begin = System.nanoTime();
    do {
      assertThat(System.nanoTime() - begin).as("ns").isLessThan(10_000_000_000L);
      send(loop, burst);
    } while (!receives(socket, 5));
  }

  @Test
  void aNeighbourNotYetResolvedIsResolvedByTheKernelAndNothingIsLost() throws Exception {
    everythingArrivesAsTheSegmenterMakesIt(LEFT4, BEHIND4);
    everythingArrivesAsTheSegmenterMakesIt(LEFT6, BEHIND6);
    assertThat(sender.rawBursts()).isPositive();
    soonByThePacketSocket(udp(LEFT4, BEHIND4, 100));
    soonByThePacketSocket(udp(LEFT6, BEHIND6, 100));
  }

  /** When the kernel tells is its own affair: a busy one takes a while. */
  private void soonByThePacketSocket(Burst burst) throws Exception {
    long before = sender.packetBursts();
    for (int i = 0; i < 1000 && sender.packetBursts() == before; i++) {
      sender.hearChanges();
      send(burst);
      TimeUnit.MILLISECONDS.sleep(10);
    }
    assertThat(sender.packetBursts()).isGreaterThan(before);
  }

  /** By their number: the kernels at both ends say something now and then, too. */
  private void assertArrivesByTheSecondInterface(Burst burst) throws Exception {
    int first = received("eth0");
    int second = received("eth1");
    for (int i = 0; i < MANY; i++) {
      send(burst);
    }
    assertThat(captured(MANY)).hasSize(MANY);
    assertThat(received("eth1") - second).isGreaterThanOrEqualTo(MANY);
    assertThat(received("eth0") - first).isLessThan(MANY);
  }

  @Test
  void theMarkDecidesTheRoute() throws Exception {
    link("eth1", "10.8.1", "fd00:8:1:");
    left.run("ip rule add fwmark 0x20000000/0x20000000 table 99");
    left.run("ip route add 10.9.0.0/24 via 10.8.1.2 table 99");
    left.run("ping -c 1 -W 20 10.8.1.2");
    sender.close();
    sender = left.in(() -> RawSender.open(RawSender.Way.PACKET, 0x2000_0000));
    assertArrivesByTheSecondInterface(udp(LEFT4, BEHIND4, 100));
    assertThat(sender.packetBursts()).isEqualTo(MANY);
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
      Burst to4 = udp(LEFT4, RIGHT4, 50);
      Burst to6 = udp(LEFT6, RIGHT6, 50);
      sendUntilReceived(loop, four, to4);
      sendUntilReceived(loop, six, to6);
      TimeUnit.MILLISECONDS.sleep(1100); // the kernel locks a fresh entry for a second
      right.run("ip link set eth0 address 02:00:00:00:00:99");
      sendUntilReceived(loop, four, to4);
      sendUntilReceived(loop, six, to6);
      assertThat(left.run("ip neigh show 10.8.0.2")).contains("02:00:00:00:00:99");
      drain(four);
      drain(six);
      long sent = sender.packetBursts();
      send(loop, to4);
      send(loop, to6);
      assertThat(receives(four, 20_000)).as("the first IPv4 packet arrives").isTrue();
      assertThat(receives(six, 20_000)).as("the first IPv6 packet arrives").isTrue();
      assertThat(sender.packetBursts()).as("to the new address").isEqualTo(sent + 2);
    }
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
    left.run("ping -c 1 -W 20 10.8.1.2");
    left.run("ping -c 1 -W 20 fd00:8:1::2");
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
      assertArrivesByTheSecondInterface(burst);
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
    Captured.untilSilence(capture);
    for (int i = 0; i < 300 && Captured.untilSilence(capture).isEmpty(); i++) {
      sender.hearChanges();
      send(burst);
    }
    long sent = sender.packetBursts();
    left.run("ping -c 1 -W 20 " + RIGHT4);
    TimeUnit.MILLISECONDS.sleep(250);
    sender.hearChanges();
    send(burst);
    assertThat(captured(1)).isNotEmpty();
    assertThat(sender.packetBursts()).isEqualTo(sent + 1);
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
}
