// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.TimeUnit;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import oasis.testkit.TestNamespace;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the raw port sends from one host, the capture port of another sees. */
class LinuxRawAndCaptureIT {
  private static final FlowKey TO_RANGE = Packets.key(Ip.UDP, "10.8.0.1", 7, "10.8.0.2", 62_000);

  private TestNamespace left;
  private TestNamespace right;
  private LinuxRawPort raw;
  private LinuxCapturePort capture;

  @BeforeEach
  void open() throws Exception {
    left = new TestNamespace("os");
    right = new TestNamespace("os");
    left.join("eth0", "10.8.0.1/24", right, "eth0", "10.8.0.2/24");
    raw = left.in(() -> LinuxRawPort.open(0x2000_0000));
    List<Address> own = List.of(Address.parse("10.8.0.2"));
    capture = right.in(() -> LinuxCapturePort.open(own, 61_000, 64_999, new int[0], false));
  }

  @AfterEach
  void close() throws Exception {
    raw.close();
    capture.close();
    left.close();
    right.close();
  }

  @Test
  void burstsLeaveAsPacketsAndAreSeenWithTheirBytes() throws Exception {
    byte[] payload = new Gen(3).bytes(5000);
    Burst burst = Bursts.burst(Bursts.offloaded(Packets.udp(TO_RANGE, payload), Ip.UDP, 1400));
    raw.add(burst);
    raw.flush();
    assertThat(Captured.packets(capture, 4)).containsExactlyElementsOf(Bursts.packets(burst));
    assertThat(raw.counters().snapshot().outPkts()).isEqualTo(4);
    assertThat(capture.counters().snapshot().inPkts()).isEqualTo(4);
  }

  @Test
  void whatIsNotForTheRangeIsNotSeen() throws Exception {
    FlowKey other = Packets.key(Ip.UDP, "10.8.0.1", 7, "10.8.0.2", 60_999);
    raw.add(Bursts.single(Packets.udp(other, new byte[5])));
    raw.add(Bursts.single(Packets.udp(TO_RANGE, new byte[6])));
    raw.flush();
    assertThat(Captured.packets(capture, 1))
        .singleElement()
        .satisfies(p -> assertThat(p).hasSize(34));
    assertThat(capture.receive()).isZero();
  }

  @Test
  void retargetingChangesTheAddresses() throws Exception {
    capture.retarget(List.of(Address.parse("10.8.0.9")));
    raw.add(Bursts.single(Packets.udp(TO_RANGE, new byte[5])));
    raw.flush();
    TimeUnit.MILLISECONDS.sleep(20);
    assertThat(capture.receive()).isZero();
  }

  @Test
  void streamsOfTheKernelAreSeenAsBurstsWithRightChecksums() throws Exception {
    byte[] sent = new Gen(4).bytes(200_000);
    try (ServerSocketChannel server = right.in(ServerSocketChannel::open);
        SocketChannel client = left.in(SocketChannel::open)) {
      server.bind(new InetSocketAddress(InetAddress.getByName("10.8.0.2"), 62_001));
      client.connect(new InetSocketAddress("10.8.0.2", 62_001));
      try (Socket accepted = server.accept().socket()) {
        client.write(ByteBuffer.wrap(sent));
        client.shutdownOutput();
        assertThat(accepted.getInputStream().readAllBytes()).isEqualTo(sent);
      }
    }
    List<byte[]> packets = Captured.untilSilence(capture);
    packets.forEach(Packets::assertChecksums);
    assertThat(packets.stream().mapToInt(p -> p.length).sum()).isGreaterThan(sent.length);
    PortCounters.Snapshot counters = capture.counters().snapshot();
    assertThat(counters.inPkts()).as("bursts").isGreaterThan(2 * counters.inMessages());
  }

  @Test
  void aPacketAboveTheMtuIsCountedAsTooBig() throws Exception {
    raw.add(Bursts.single(Packets.udp(TO_RANGE, new byte[1600])));
    raw.add(Bursts.single(Packets.udp(TO_RANGE, new byte[10])));
    raw.flush();
    assertThat(raw.counters().drops(DropReason.TOO_BIG)).isEqualTo(1);
    assertThat(Captured.packets(capture, 1)).hasSize(1);
  }
}
