// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import oasis.os.linux.Poller;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.testkit.Packets;
import oasis.testkit.TestNamespace;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One socket, two destinations, one of which the kernel refuses to segment for. */
class RefusedSegmentationIT {
  private static final FlowKey FLOW = Packets.key(Ip.UDP, "10.0.0.1", 5000, "10.0.0.2", 9);
  private static final int SEGMENT_BYTES = 1300;
  private static final int BURST_PKTS = 40;

  private TestNamespace left;
  private TestNamespace right;
  private LinuxDatagramPort sender;
  private LinuxDatagramPort receiver;
  private int sequence;
  private final List<Integer> received = new ArrayList<>();

  @BeforeEach
  void open() throws Exception {
    left = new TestNamespace("iorecv");
    right = new TestNamespace("iorecv");
    left.join("eth0", "10.8.0.1/24", right, "eth0", "10.8.0.2/24");
    right.run("ip addr add 10.8.1.2/32 dev eth0");
    left.run("ip addr add fd08::1/64 dev eth0 nodad");
    right.run("ip addr add fd08::2/64 dev eth0 nodad");
    right.run("ip addr add fd08:1::2/64 dev eth0 nodad");
    left.run("ip route add 10.8.1.2 via 10.8.0.2 dev eth0");
    left.run("ip route add fd08:1::2 via fd08::2 dev eth0");
    // Until both ends carry packets.
    left.run("ping -q -c 1 -i 0.1 -w 10 10.8.1.2");
    left.run("ping -q -c 1 -i 0.1 -w 10 fd08:1::2");
    sender = left.in(() -> LinuxDatagramPort.open(Endpoint.anyIpv6(0), null, 0));
    receiver = right.in(() -> LinuxDatagramPort.open(Endpoint.anyIpv6(0), null, 0));
  }

  @AfterEach
  void close() throws Exception {
    sender.close();
    receiver.close();
    left.close();
    right.close();
  }

  /** The MTU of the way to the second address. */
  private void mtu(boolean v4, int bytes) throws Exception {
    left.run(
        v4
            ? "ip route replace 10.8.1.2 via 10.8.0.2 dev eth0 mtu lock " + bytes
            : "ip -6 route replace fd08:1::2 via fd08::2 dev eth0 mtu lock " + bytes);
  }

  /** A burst whose segments are numbered. */
  private Burst numbered() {
    ByteBuffer payload = ByteBuffer.allocate(BURST_PKTS * SEGMENT_BYTES);
    for (int at = 0; at < payload.capacity(); at += SEGMENT_BYTES) {
      payload.putInt(at, sequence++);
    }
    return Bursts.burst(Packets.udp(FLOW, payload.array()), SEGMENT_BYTES);
  }

  private void send(String to, Burst burst) {
    Address a = Address.parse(to);
    sender.add(burst, a.hi(), a.lo(), receiver.localPort());
  }

  /** Receives until as many packets as were made have come, and looks for more. */
  private void assertEachArrivedOnce() {
    Poller poller = new Poller();
    poller.add(receiver.fd());
    while (received.size() < sequence && poller.await(20_000_000_000L) > 0) {
      receive();
    }
    receive();
    assertThat(received).doesNotHaveDuplicates().hasSize(sequence);
    received.clear();
    sequence = 0;
  }

  private void receive() {
    for (int n = receiver.receive(); n > 0; n = receiver.receive()) {
      for (int i = 0; i < n; i++) {
        for (int at = 0; at < receiver.bytes(i); at += receiver.datagramBytes(i)) {
          received.add(receiver.buffer(i).getInt(receiver.offset(i) + at + 28));
        }
      }
    }
  }

  private long messages() {
    return sender.counters().snapshot().outMessages();
  }

  private long refusals() {
    return sender.counters().snapshot().offloadRefusals();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void onlyTheRefusedDestinationGoesPacketByPacket(boolean v4) throws Exception {
    String wide = v4 ? "10.8.0.2" : "fd08::2";
    String narrow = v4 ? "10.8.1.2" : "fd08:1::2";
    mtu(v4, 1280);
    for (int round = 0; round < 5; round++) {
      long before = messages();
      send(wide, numbered());
      send(narrow, numbered());
      send(wide, numbered());
      sender.flush();
      assertThat(messages() - before).isEqualTo(2 + BURST_PKTS);
      assertThat(refusals()).as("refused once").isEqualTo(1);
      assertEachArrivedOnce();
    }
    assertThat(sender.counters().snapshot().drops()).isEmpty();
    // The way has become wider; nobody says so, and after a while it is tried again.
    mtu(v4, 1500);
    int bursts = 0;
    long before;
    do {
      before = messages();
      send(narrow, numbered());
      sender.flush();
      assertEachArrivedOnce();
      assertThat(++bursts).isLessThan(RefusedDestinations.REST_PKTS / BURST_PKTS);
    } while (messages() - before > 1);
    assertThat(bursts).isGreaterThan(RefusedDestinations.REST_PKTS / BURST_PKTS - 10);
    assertThat(refusals()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aDeviceWithoutOffloadsGetsEveryPacket(boolean v4) throws Exception {
    left.run("ethtool -K eth0 tx off tso off gso off tx-udp-segmentation off sg off");
    for (int i = 0; i < 20; i++) {
      send(v4 ? "10.8.0.2" : "fd08::2", numbered());
      sender.flush();
      assertEachArrivedOnce();
    }
    assertThat(sender.counters().snapshot().drops()).isEmpty();
  }

  @Test
  void aDestinationThatTakesNothingTellsNothingAboutSegmentation() throws Exception {
    left.run("ip route replace prohibit 10.8.1.2");
    send("10.8.1.2", numbered());
    sender.flush();
    assertThat(sender.counters().drops(DropReason.SEND_REFUSED)).isEqualTo(BURST_PKTS);
    assertThat(refusals()).isZero();
  }
}
