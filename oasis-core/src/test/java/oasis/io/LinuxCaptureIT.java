// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import oasis.os.linux.EnslavedInterfaces;
import oasis.os.linux.Errno;
import oasis.os.linux.Poller;
import oasis.os.linux.Sys;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.NoAllocation;
import oasis.testkit.Packets;
import oasis.testkit.TestNamespace;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a capture port takes of the frames that a packet socket sends to its host. */
class LinuxCaptureIT {
  private static final String MAC = "02:00:00:00:00:02";
  private static final List<Address> OWN =
      List.of(Address.parse("10.8.0.2"), Address.parse("fd00::2"));

  /** Makes a TUN device say that it is another kind of interface; its frames stay as they are. */
  private static final long TUNSETLINK = 0x4004_54cdL;

  private TestNamespace left;
  private TestNamespace right;
  private PacketTap tap;

  @BeforeEach
  void open() throws Exception {
    left = new TestNamespace("iorecv");
    right = new TestNamespace("iorecv");
    left.run("ip link add eth0 type veth peer name eth0 netns " + right.name());
    // The end that sends comes up last: with its carrier there it sends from the first frame on.
    right.run("ip link set eth0 address " + MAC + " addrgenmode none up");
    left.run("ip link set eth0 addrgenmode none up");
    tap = PacketTap.open(left, "eth0");
  }

  @AfterEach
  void close() throws Exception {
    tap.close();
    left.close();
    right.close();
  }

  private LinuxCapturePort capture(int... excluded) throws Exception {
    return right.in(() -> LinuxCapturePort.open(OWN, 61_000, 64_999, excluded, false));
  }

  /** Point-to-point (PPPoE, modems), IP in IP or IPv6, IP or IPv6 in IPv6, IPv6 in IP. */
  @ParameterizedTest
  @ValueSource(ints = {512, 768, 769, 776})
  void interfacesThatHaveNoLinkHeaderAreHeard(int hardware) throws Exception {
    try (LinuxTun uplink = right.in(() -> LinuxTun.open("up0", 1400));
        LinuxCapturePort capture = capture()) {
      Errno.check(Sys.ioctl(uplink.fd(), TUNSETLINK, hardware), "TUNSETLINK", "up0");
      right.run("ip link set up0 addrgenmode none up");
      for (boolean v4 : new boolean[] {true, false}) {
        ByteBuffer packet = Packets.udp(key(v4, Ip.UDP, 61_001), new byte[20]);
        uplink.write(Bursts.single(packet));
        byte[] sent = new byte[packet.capacity()];
        packet.get(0, sent);

        assertThat(Captured.packets(capture, 1)).containsExactly(sent);
      }
      assertThat(capture.counters().snapshot().drops()).isEmpty();
    }
  }

  private static FlowKey key(boolean v4, int protocol, int port) {
    return v4
        ? Packets.key(protocol, "10.8.0.1", 5000, "10.8.0.2", port)
        : Packets.key(protocol, "fd00::1", 5000, "fd00::2", port);
  }

  private void send(ByteBuffer packet) throws Exception {
    byte[] bytes = new byte[packet.capacity()];
    packet.get(0, bytes);
    boolean v4 = bytes[0] >> 4 == 4;
    tap.send(PacketTap.plain(PacketTap.ethernet(MAC, "02:00:00:00:00:01", v4), bytes));
  }

  /** Destination ports, or ICMP types, of what was captured, up to a marker that is left out. */
  private List<Integer> seen(LinuxCapturePort capture, boolean v4) throws Exception {
    send(Packets.udp(key(v4, Ip.UDP, 64_999), new byte[1]));
    Poller poller = new Poller();
    poller.add(capture.fd());
    List<Integer> all = new ArrayList<>();
    Burst burst = new Burst();
    while (true) {
      assertThat(poller.await(20_000_000_000L)).as("ready").isPositive();
      int n = capture.receive();
      for (int i = 0; i < n; i++) {
        assertThat(capture.burst(i, burst)).isTrue();
        boolean ports = burst.protocol() == Ip.TCP || burst.protocol() == Ip.UDP;
        ByteBuffer b = burst.buffer();
        int what =
            ports ? b.getShort(burst.transport() + 2) & 0xffff : b.get(burst.transport()) & 0xff;
        if (what == 64_999) {
          return all;
        }
        all.add(what);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void portsIdentifiersErrorsAndFirstFragmentsOfBothFamiliesAreSeen(boolean v4) throws Exception {
    try (LinuxCapturePort capture = capture()) {
      for (int port : new int[] {60_999, 61_000, 64_998, 65_000}) {
        send(Packets.udp(key(v4, Ip.UDP, port), new byte[20]));
        send(Packets.tcp(key(v4, Ip.TCP, port), Tcp.ACK, 1, 1, new byte[20]));
        FlowKey echo = key(v4, v4 ? Ip.ICMP : Ip.ICMP6, 0);
        echo.set(echo.srcHi, echo.srcLo, echo.dstHi, echo.dstLo, echo.protocol(), port, 0);
        send(Packets.echo(echo, false, 1));
      }
      for (int type : new int[] {1, 2, 3, 4, 5, 11, 12}) {
        send(Packets.icmp(key(v4, v4 ? Ip.ICMP : Ip.ICMP6, 0), type, 0, new byte[40]));
      }
      send(fragment(v4, 61_007, 0));
      send(fragment(v4, 61_008, 8));
      int reply = v4 ? 0 : 129;
      List<Integer> expected =
          new ArrayList<>(List.of(61_000, 61_000, reply, 64_998, 64_998, reply));
      expected.addAll(v4 ? List.of(3, 11, 12) : List.of(1, 2, 3, 4));
      expected.add(61_007);
      assertThat(seen(capture, v4)).containsExactlyElementsOf(expected);
    }
  }

  /** A fragment that is not the last one, with what may be a UDP header. */
  private static ByteBuffer fragment(boolean v4, int port, int offset) {
    ByteBuffer udp = Packets.udp(key(v4, Ip.UDP, port), new byte[40]);
    int header = v4 ? 20 : 40;
    if (v4) {
      udp.putShort(6, (short) (0x2000 | offset / 8)).putShort(24, (short) 100);
      return Packets.fixHeader(udp);
    }
    ByteBuffer b = ByteBuffer.allocateDirect(udp.capacity() + 8);
    b.put(0, udp, 0, header).put(header + 8, udp, header, udp.capacity() - header);
    b.putShort(4, (short) (b.capacity() - 40)).put(6, (byte) 44);
    b.put(40, (byte) Ip.UDP).putShort(42, (short) (offset | 1));
    return b.putShort(52, (short) 100);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aPacketThatComesThroughABridgeIsSeenOnce(boolean v4) throws Exception {
    right.run("ip link add br0 address " + MAC + " type bridge");
    right.run("ip link set br0 addrgenmode none up");
    right.run("ip link set eth0 master br0");
    int[] enslaved = right.in(() -> EnslavedInterfaces.list(4711));
    assertThat(enslaved).hasSize(2).startsWith(4711);
    FlowKey flow = key(v4, Ip.UDP, 61_001);
    try (LinuxCapturePort capture = capture()) {
      // The marker comes twice as well.
      send(Packets.udp(flow, new byte[5]));
      assertThat(seen(capture, v4)).as("the port included").containsExactly(61_001, 61_001);
      capture.retarget(OWN, enslaved);
      while (capture.receive() > 0) {
        // the second marker
      }
      send(Packets.udp(flow, new byte[5]));
      assertThat(seen(capture, v4)).containsExactly(61_001);
      right.run("ip link set eth0 nomaster");
      capture.retarget(OWN, right.in(() -> EnslavedInterfaces.list()));
      send(Packets.udp(flow, new byte[5]));
      assertThat(seen(capture, v4)).as("no longer a port").containsExactly(61_001);
    }
  }

  @Test
  void withoutAddressesNothingIsSeen() throws Exception {
    try (LinuxCapturePort capture = capture()) {
      capture.retarget(List.of());
      send(Packets.udp(key(true, Ip.UDP, 61_000), new byte[5]));
      capture.retarget(OWN);
      assertThat(seen(capture, true)).isEmpty();
    }
  }

  @Test
  void moreInterfacesThanAFilterHoldsAreNoReasonToHearNone() throws Exception {
    try (LinuxCapturePort capture = capture()) {
      capture.retarget(OWN, IntStream.range(5_000, 7_000).toArray());
      send(Packets.udp(key(true, Ip.UDP, 61_000), new byte[5]));
      assertThat(seen(capture, true)).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void receivingAllocatesNothing(boolean v4) throws Exception {
    ByteBuffer packet = Packets.tcp(key(v4, Ip.TCP, 61_000), Tcp.ACK, 1, 1, new byte[30_000]);
    byte[] link = PacketTap.ethernet(MAC, "02:00:00:00:00:01", v4);
    tap.send(Bursts.framed(link, Bursts.burst(packet, 1400)));
    Burst burst = new Burst();
    FlowKey flow = new FlowKey();
    try (LinuxCapturePort capture = capture()) {
      NoAllocation.check(
          1000,
          () -> {
            tap.sendAgain();
            int n = capture.receive();
            for (int i = 0; i < n; i++) {
              if (capture.burst(i, burst)) {
                flow.of(burst);
              }
            }
          });
      assertThat(capture.counters().snapshot().inPkts()).isGreaterThan(20_000);
      assertThat(capture.counters().snapshot().drops()).isEmpty();
    }
  }
}
