// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import oasis.packet.Burst;
import oasis.packet.Ip;
import oasis.packet.Segmenter;
import oasis.testkit.Gen;
import oasis.testkit.NoAllocation;
import oasis.testkit.TestNamespace;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Our segmentation and merging against the kernel's own: the same bytes. Frames go by packet socket
 * into one end of a pair of Ethernet devices, whose offloads are switched, and are read at the
 * other end.
 */
class KernelSegmentationIT {
  private static final String LEFT_MAC = "02:00:00:00:00:01";
  private static final String RIGHT_MAC = "02:00:00:00:00:02";
  private static final String SENDS_WHOLE = "on";
  private static final String SENDS_SEGMENTS = "off";

  private TestNamespace left;
  private TestNamespace right;
  private PacketTap from;
  private PacketTap to;

  @BeforeEach
  void open() throws Exception {
    left = new TestNamespace("iorecv");
    right = new TestNamespace("iorecv");
    left.run("ip link add eth0 type veth peer name eth0 netns " + right.name());
    // The end that sends comes up last: with its carrier there it sends from the first frame on.
    right.run("ip link set eth0 address " + RIGHT_MAC + " addrgenmode none up");
    left.run("ip link set eth0 address " + LEFT_MAC + " addrgenmode none up");
    from = PacketTap.open(left, "eth0");
    to = PacketTap.open(right, "eth0");
  }

  @AfterEach
  void close() throws Exception {
    from.close();
    to.close();
    left.close();
    right.close();
  }

  static Stream<Arguments> flows() {
    return Stream.of(
        Arguments.of(4, Ip.TCP),
        Arguments.of(6, Ip.TCP),
        Arguments.of(4, Ip.UDP),
        Arguments.of(6, Ip.UDP));
  }

  /** Whether the left device segments and sums by itself, so that the kernel leaves it to it. */
  private void offloads(String onOrOff) throws Exception {
    left.run("ethtool -K eth0 tx X tso X gso X tx-udp-segmentation X".replace("X", onOrOff));
  }

  private static byte[] link(int version) {
    return PacketTap.ethernet(RIGHT_MAC, LEFT_MAC, version == 4);
  }

  /** What arrives next, the chatter of the hosts left out. */
  private Burst next() {
    while (true) {
      byte[] frame = to.receive(5000).orElseThrow();
      boolean v4 = frame[10 + 14] >> 4 == 4;
      int protocol = frame[10 + 14 + (v4 ? 9 : 6)];
      if (protocol == Ip.TCP || protocol == Ip.UDP) {
        return Bursts.read(frame, 14);
      }
    }
  }

  private List<byte[]> received(int count) {
    List<byte[]> all = new ArrayList<>();
    while (all.size() < count) {
      Burst burst = next();
      assertThat(burst.segments()).isEqualTo(1);
      all.addAll(Bursts.packets(burst));
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("flows")
  void theKernelCutsABurstIntoTheSamePackets(int version, int protocol) throws Exception {
    offloads(SENDS_SEGMENTS);
    Gen.cases(
        200,
        gen -> {
          Burst burst = Streams.burst(gen, version, protocol);
          List<byte[]> ours = Bursts.packets(burst);
          from.send(Bursts.framed(link(version), burst));
          Streams.assertSame(received(ours.size()), ours);
        });
  }

  @ParameterizedTest
  @MethodSource("flows")
  void aBurstCapturedWholeIsCutIntoTheSamePackets(int version, int protocol) throws Exception {
    offloads(SENDS_WHOLE);
    Gen.cases(
        200,
        gen -> {
          Burst burst = Streams.burst(gen, version, protocol);
          from.send(Bursts.framed(link(version), burst));
          Burst captured = next();
          assertThat(captured.segments()).isEqualTo(burst.segments());
          Streams.assertSame(Bursts.packets(captured), Bursts.packets(burst));
        });
  }

  @ParameterizedTest
  @MethodSource("flows")
  void theKernelMergesTheSamePacketsIntoTheSameBursts(int version, int protocol) throws Exception {
    right.run("ethtool -K eth0 gro on rx-udp-gro-forwarding on");
    holdForMerging();
    int[] bursts = new int[1];
    Gen.cases(
        40,
        gen -> {
          for (List<byte[]> run : Streams.runs(Streams.packets(gen, version, protocol, false))) {
            bursts[0] += assertMergesAlike(version, run);
          }
        });
    assertThat(bursts[0]).as("bursts of several").isGreaterThan(40);
  }

  @ParameterizedTest
  @MethodSource("flows")
  void aBrokenPacketIsLeftAloneByBoth(int version, int protocol) throws Exception {
    right.run("ethtool -K eth0 gro on rx-udp-gro-forwarding on");
    holdForMerging();
    Gen gen = new Gen(Gen.baseSeed());
    List<byte[]> run = Streams.plain(gen, version, protocol, 5, 300);
    byte[] broken = run.get(2);
    broken[broken.length - 1] ^= 1;
    if (protocol == Ip.TCP) {
      assertThat(assertMergesAlike(version, run)).isEqualTo(2);
    } else {
      // The kernel lets it overtake the datagrams that it holds, and goes on merging behind them;
      // ours keeps the order and begins anew.
      assertThat(Streams.coalesce(run)).extracting(Burst::segments).containsExactly(2, 1, 2);
    }
  }

  /** Lets the right device hold packets for merging until nothing has come for a while. */
  private void holdForMerging() throws Exception {
    right.runner().check(List.of("tee", "/sys/class/net/eth0/gro_flush_timeout"), "5000000");
  }

  /** Returns the number of bursts of several packets. */
  private int assertMergesAlike(int version, List<byte[]> run) throws Exception {
    List<byte[]> ours = new ArrayList<>();
    int several = 0;
    for (Burst burst : Streams.coalesce(run)) {
      ours.add(Streams.bytes(burst));
      several += burst.segments() > 1 ? 1 : 0;
    }
    ours.sort(Arrays::compare);
    // The kernel also flushes when its clock ticks, so it may take a few tries.
    List<byte[]> kernels = merged(version, run);
    for (int i = 0; i < 50 && !Streams.same(kernels, ours); i++) {
      kernels = merged(version, run);
    }
    Streams.assertSame(kernels, ours);
    return several;
  }

  /** What the kernel's GRO makes of the packets; in no order, as it lets some overtake others. */
  private List<byte[]> merged(int version, List<byte[]> packets) throws Exception {
    for (byte[] packet : packets) {
      from.send(PacketTap.plain(link(version), packet));
    }
    List<byte[]> all = new ArrayList<>();
    int missing = packets.size();
    while (missing > 0) {
      Burst burst = next();
      missing -= burst.segments();
      all.add(Streams.bytes(burst));
    }
    all.sort(Arrays::compare);
    return all;
  }

  @ParameterizedTest
  @MethodSource("flows")
  void whatWeMergeAndWriteLeavesTheHostAsItCame(int version, int protocol) throws Exception {
    offloads(SENDS_SEGMENTS);
    left.run("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
    left.run("ip addr add 10.8.0.1/24 dev eth0");
    left.run("ip addr add fd08::1/64 dev eth0 nodad");
    left.run("ip neigh add 10.8.0.2 lladdr " + RIGHT_MAC + " dev eth0 nud permanent");
    left.run("ip neigh add fd08::2 lladdr " + RIGHT_MAC + " dev eth0 nud permanent");
    try (LinuxTun tun = tun()) {
      assertThat(tun.udpBursts()).isEqualTo(tun.offloads().contains("USO"));
      int[] bursts = new int[2];
      Gen.cases(
          60,
          gen -> {
            List<byte[]> packets = Streams.packets(gen, version, protocol, true);
            for (List<byte[]> run : Streams.runs(packets)) {
              for (Burst burst : Streams.coalesce(run)) {
                tun.write(burst);
                bursts[0] += burst.segments() > 1 ? 1 : 0;
                bursts[1]++;
              }
            }
            List<byte[]> forwarded = new ArrayList<>();
            packets.forEach(p -> forwarded.add(Streams.hop(p)));
            Streams.assertSame(received(packets.size()), forwarded);
          });
      assertThat(bursts[0]).as("bursts of several").isGreaterThan(60);
      if (protocol == Ip.TCP || tun.udpBursts()) {
        assertThat(tun.counters().snapshot().outMessages()).as("writes").isEqualTo(bursts[1]);
      }
    }
  }

  private LinuxTun tun() throws Exception {
    LinuxTun tun = left.in(() -> LinuxTun.open("oas0", 1500));
    left.run("ip link set oas0 addrgenmode none up");
    left.run("ip route add 10.9.0.0/24 dev oas0");
    left.run("ip route add fd09::/64 dev oas0");
    return tun;
  }

  @ParameterizedTest
  @MethodSource("flows")
  void aBurstReadFromTheTunIsCutIntoThePacketsThatTheKernelMeant(int version, int protocol)
      throws Exception {
    try (LinuxTun tun = tun();
        PacketTap host = PacketTap.open(left, "oas0")) {
      Burst read = new Burst();
      Gen.cases(
          200,
          gen -> {
            Burst burst = Streams.burst(gen, version, protocol);
            host.send(Bursts.framed(new byte[0], burst));
            read(tun, read);
            boolean whole = protocol == Ip.TCP || tun.udpBursts();
            assertThat(read.segments()).isEqualTo(whole ? burst.segments() : 1);
            List<byte[]> packets = new ArrayList<>(Bursts.packets(read));
            while (packets.size() < burst.segments()) {
              read(tun, read);
              packets.addAll(Bursts.packets(read));
            }
            Streams.assertSame(packets, Bursts.packets(burst));
          });
    }
  }

  @ParameterizedTest
  @MethodSource("flows")
  void readingFromTheTunAndSegmentingAllocateNothing(int version, int protocol) throws Exception {
    try (LinuxTun tun = tun();
        PacketTap host = PacketTap.open(left, "oas0")) {
      Gen gen = new Gen(Gen.baseSeed());
      host.send(Bursts.framed(new byte[0], Streams.burst(gen, version, protocol)));
      Burst read = new Burst();
      Segmenter segmenter = new Segmenter(ByteBuffer.allocateDirect(Segmenter.ARENA_BYTES));
      NoAllocation.check(
          500,
          () -> {
            host.sendAgain();
            if (tun.read(read, 1) == TunPort.READ) {
              segmenter.segment(read, 0);
            }
          });
      assertThat(tun.counters().snapshot().inMessages()).isGreaterThanOrEqualTo(1000);
    }
  }

  /** Reads what comes next, the chatter of the host left out. */
  private static void read(LinuxTun tun, Burst into) {
    do {
      assertThat(tun.read(into, 0)).isNotEqualTo(TunPort.NOTHING);
    } while (into.protocol() != Ip.TCP && into.protocol() != Ip.UDP);
  }
}
