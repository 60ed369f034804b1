// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.Packets;
import oasis.testkit.TestNamespace;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One host sends all kinds of packets to the ports of another, and looks at what comes back. */
class SilentPortsIT {
  private static final int FIRST = 61_000;
  private static final int LAST = 64_999;
  private static final String LEFT_MAC = "02:00:00:00:00:01";
  private static final String RIGHT_MAC = "02:00:00:00:00:02";

  private TestNamespace left;
  private TestNamespace right;
  private PacketTap tap;

  @BeforeEach
  void open() throws Exception {
    left = new TestNamespace("iorecv");
    right = new TestNamespace("iorecv");
    left.run("ip link add eth0 type veth peer name eth0 netns " + right.name());
    host(left, LEFT_MAC, 1);
    host(right, RIGHT_MAC, 2);
    // Until both ends carry packets.
    left.run("ping -q -c 1 -i 0.1 -w 10 10.8.0.2");
    left.run("ping -q -c 1 -i 0.1 -w 10 fd00::2");
    tap = PacketTap.open(left, "eth0");
  }

  private static void host(TestNamespace in, String mac, int number) throws Exception {
    in.run("ip link set eth0 address " + mac);
    in.run("ip addr add 10.8.0." + number + "/24 dev eth0");
    in.run("ip addr add fd00::" + number + "/64 dev eth0 nodad");
    in.run("ip link set eth0 up");
  }

  @AfterEach
  void close() throws Exception {
    tap.close();
    left.close();
    right.close();
  }

  private static FlowKey key(boolean v4, int protocol, int port) {
    return v4
        ? Packets.key(protocol, "10.8.0.1", 5000, "10.8.0.2", port)
        : Packets.key(protocol, "fd00::1", 5000, "fd00::2", port);
  }

  /** Packets that a host answers when nobody keeps it from that, and their number on the wire. */
  private void sendEverything(boolean v4, int port) throws Exception {
    FlowKey tcp = key(v4, Ip.TCP, port);
    FlowKey udp = key(v4, Ip.UDP, port);
    byte[] link = PacketTap.ethernet(RIGHT_MAC, LEFT_MAC, v4);
    for (int flags :
        new int[] {Tcp.SYN, Tcp.ACK, Tcp.ACK | Tcp.PSH, Tcp.SYN | Tcp.ACK, Tcp.ACK | Tcp.FIN}) {
      byte[] data = new byte[(flags & Tcp.SYN) != 0 ? 0 : 100];
      tap.send(PacketTap.plain(link, bytes(Packets.tcp(tcp, flags, 1, 1, data))));
    }
    tap.send(PacketTap.plain(link, bytes(Packets.udp(udp, new byte[100]))));
    var superTcp = Packets.tcp(tcp, Tcp.ACK, 1, 1, new byte[20_000]);
    tap.send(Bursts.framed(link, Bursts.burst(superTcp, 1400)));
    var superUdp = Packets.udp(udp, new byte[20_000]);
    tap.send(Bursts.framed(link, Bursts.burst(superUdp, 1400)));
  }

  private static byte[] bytes(ByteBuffer packet) {
    byte[] bytes = new byte[packet.capacity()];
    packet.get(0, bytes);
    return bytes;
  }

  private static final int EVERYTHING = 6 + 2 * 15;

  /**
   * What the other host says until it has answered an echo request that follows all else: kinds of
   * packets, the answer to the request left out.
   */
  private List<String> answers(boolean v4) throws Exception {
    FlowKey ask = key(v4, v4 ? Ip.ICMP : Ip.ICMP6, 0);
    byte[] link = PacketTap.ethernet(RIGHT_MAC, LEFT_MAC, v4);
    tap.send(PacketTap.plain(link, bytes(Packets.echo(ask, true, 1))));
    List<String> kinds = new ArrayList<>();
    while (true) {
      byte[] frame = tap.receive(20_000).orElseThrow();
      Burst burst = new Burst();
      var memory = Packets.direct(frame);
      if (burst.checkOffloaded(memory, 0, 0, frame.length, 14) != null
          || (burst.version() == 4) != v4) {
        continue; // ARP, or the other family's chatter
      }
      int first = memory.get(burst.transport()) & 0xff;
      if (burst.protocol() == Ip.TCP) {
        kinds.add("TCP flags " + Tcp.flags(memory, burst.transport()));
      } else if (burst.protocol() == Ip.ICMP || burst.protocol() == Ip.ICMP6) {
        if (first == (v4 ? 0 : 129)) {
          return kinds;
        }
        if (v4 || first < 130) { // not neighbour discovery
          kinds.add("ICMP type " + first);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aHostWithoutThemAnswers(boolean v4) throws Exception {
    sendEverything(v4, FIRST);
    assertThat(answers(v4))
        .contains("TCP flags " + (Tcp.RST | Tcp.ACK))
        .contains("TCP flags " + Tcp.RST)
        .contains("ICMP type " + (v4 ? 3 : 1));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void nothingIsAnsweredAndTheCaptureSeesAll(boolean v4) throws Exception {
    List<Address> own = List.of(Address.parse("10.8.0.2"), Address.parse("fd00::2"));
    try (SilentPorts silent = right.in(() -> SilentPorts.open(FIRST, LAST));
        LinuxCapturePort capture =
            right.in(() -> LinuxCapturePort.open(own, FIRST, LAST, new int[0], false))) {
      int packets = 0;
      for (int port : new int[] {FIRST, 63_017, LAST}) {
        sendEverything(v4, port);
        packets += EVERYTHING;
      }
      assertThat(answers(v4)).isEmpty();
      assertThat(Captured.packets(capture, packets)).hasSize(packets);
      assertThat(capture.counters().snapshot().inPkts()).isEqualTo(packets);
      assertThat(silent).isNotNull();
    }
    // The ports are free again, and silent no longer.
    sendEverything(v4, LAST);
    assertThat(answers(v4)).isNotEmpty();
  }

  @Test
  void theWholeRangeIsHeldInAMoment() throws Exception {
    // Processor time: other programs do not count.
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadCpuTime();
    try (SilentPorts silent = right.in(() -> SilentPorts.open(FIRST, LAST))) {
      assertThat(threads.getCurrentThreadCpuTime() - before).isLessThan(1_000_000_000L);
      assertThat(silent).isNotNull();
      assertThat(descriptors()).isGreaterThan(8000);
    }
    assertThat(descriptors()).isLessThan(1000);
  }

  private static long descriptors() throws Exception {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }

  @Test
  void aPortInUseIsNamedAndNoneIsHeld() throws Exception {
    InetAddress of4 = InetAddress.getByName("10.8.0.2");
    try (ServerSocket other = right.in(() -> new ServerSocket(61_005, 1, of4))) {
      assertThat(other.isBound()).isTrue();
      assertThatThrownBy(() -> right.in(() -> SilentPorts.open(FIRST, LAST)))
          .isInstanceOf(OsException.class)
          .hasMessage("TCP port 61005 is in use by another program");
    }
    InetAddress of6 = InetAddress.getByName("fd00::2");
    try (DatagramSocket other = right.in(() -> new DatagramSocket(61_004, of6))) {
      assertThat(other.isBound()).isTrue();
      assertThatThrownBy(() -> right.in(() -> SilentPorts.open(FIRST, LAST)))
          .hasMessage("UDP port 61004 is in use by another program");
    }
    right.in(() -> SilentPorts.open(FIRST, LAST)).close();
  }

  @Test
  void aHostWhoseIpv6IsOffServesIpv4() throws Exception {
    right.run("sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
    try (SilentPorts silent = right.in(() -> SilentPorts.open(FIRST, FIRST + 9))) {
      sendEverything(true, FIRST);
      assertThat(answers(true)).isEmpty();
      assertThat(silent).isNotNull();
    }
  }

  /** A command line that holds the ports within a limit of open files, without a capability. */
  private List<String> holder(String limit) {
    return List.of(
        "ip",
        "netns",
        "exec",
        right.name(),
        "prlimit",
        "--nofile=" + limit,
        "setpriv",
        "--bounding-set=-all",
        "--inh-caps=-all",
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:-MaxFDLimit",
        "-cp",
        System.getProperty("java.class.path"),
        Holder.class.getName());
  }

  @Test
  void theSoftLimitIsRaisedAndNoCapabilityIsNeeded() throws Exception {
    Process process = new ProcessBuilder(holder("500:20000")).start();
    try (var out = process.inputReader()) {
      assertThat(out.readLine()).startsWith("sockets with a drop-all filter");
      for (boolean v4 : new boolean[] {true, false}) {
        sendEverything(v4, FIRST);
        assertThat(answers(v4)).isEmpty();
      }
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void aLowHardLimitIsRefusedInOneLine() throws Exception {
    assertThat(new LinuxCommandRunner().run(holder("500:5000"), "").out().strip())
        .matches(
            "holding the ports 61000-64999 takes 81\\d\\d open files, but this process may have"
                + " 5000 at most: raise its hard limit \\(ulimit -Hn, LimitNOFILE=\\)");
  }

  /** A program that holds the ports until it is told to end. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] args) throws IOException {
      try (SilentPorts silent = SilentPorts.open(FIRST, LAST)) {
        System.out.println(silent.description());
        System.in.read();
      } catch (OsException e) {
        System.out.println(e.getMessage());
      }
    }
  }
}
