// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.testkit.Gen;
import oasis.testkit.NoAllocation;
import oasis.testkit.Packets;
import oasis.testkit.TestNamespace;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is sent to programs on the loopback interface arrives whole, long or short. */
class LoopbackPortIT {
  private static final int PORT = 4712;

  private TestNamespace namespace;
  private LoopbackPort port;
  private LinuxCapturePort capture;

  @BeforeEach
  void open() throws Exception {
    namespace = new TestNamespace("os");
    port = namespace.in(LoopbackPort::open);
    List<Address> own = List.of(Address.parse("127.0.0.1"), Address.parse("::1"));
    capture = namespace.in(() -> LinuxCapturePort.openLoopback(own, PORT));
  }

  @AfterEach
  void close() throws Exception {
    port.close();
    capture.close();
    namespace.close();
  }

  private static Burst burst(String address, byte[] payload) {
    FlowKey key = Packets.key(Ip.TCP, address, 40_000, address, PORT);
    return Bursts.burst(Packets.tcp(key, 0x18, 1000, 2000, payload), 1400);
  }

  @Test
  void aBurstArrivesAsOneSegmentWithARightChecksum() throws Exception {
    byte[] payload = new Gen(5).bytes(60_001);
    for (String address : List.of("127.0.0.1", "::1")) {
      port.add(burst(address, payload));
      port.flush();
      byte[] packet = Captured.packets(capture, 1).get(0);
      Packets.assertChecksums(packet);
      assertThat(packet).as(address).endsWith(payload).hasSizeLessThan(60_100);
    }
    assertThat(port.counters().snapshot().outPkts()).isEqualTo(2 * 43);
  }

  @Test
  void nothingOvertakesWhatWasAddedBefore() throws Exception {
    FlowKey key = Packets.key(Ip.TCP, "127.0.0.1", 40_000, "127.0.0.1", PORT);
    port.add(Bursts.single(Packets.tcp(key, 0x10, 1000, 2000, new byte[7])));
    port.add(burst("127.0.0.1", new byte[5_000]));
    port.add(Bursts.single(Packets.tcp(key, 0x10, 6000, 2000, new byte[9])));
    port.flush();
    assertThat(Captured.packets(capture, 3))
        .extracting(packet -> packet.length)
        .containsExactly(47, 5_040, 49);
  }

  @Test
  void whereLongPacketsAreRefusedTheyArriveInSegments() throws Exception {
    namespace.run("ip link set lo mtu 1500");
    Burst burst = burst("127.0.0.1", new Gen(6).bytes(10_000));
    port.add(burst);
    port.flush();
    assertThat(port.counters().snapshot().offloadRefusals()).isEqualTo(1);
    port.add(burst); // at once: the rest lasts a second
    port.flush();
    assertThat(port.counters().snapshot().offloadRefusals()).as("rests").isEqualTo(1);
    List<byte[]> twice = new ArrayList<>(Bursts.packets(burst));
    twice.addAll(Bursts.packets(burst));
    assertThat(Captured.packets(capture, 16)).containsExactlyElementsOf(twice);
  }

  @Test
  void sendingAllocatesNothingLongOrShortOrRefused() throws Exception {
    Burst four = burst("127.0.0.1", new Gen(7).bytes(60_000));
    Burst six = burst("::1", new Gen(8).bytes(60_000));
    FlowKey key = Packets.key(Ip.TCP, "127.0.0.1", 40_000, "127.0.0.1", PORT);
    Burst single = Bursts.single(Packets.tcp(key, 0x10, 1000, 2000, new byte[100]));
    Runnable sending =
        () -> {
          port.add(single);
          port.add(four);
          port.add(six);
          port.flush();
        };
    NoAllocation.check(500, sending);
    assertThat(port.counters().snapshot().offloadRefusals()).isZero();
    namespace.run("ip link set lo mtu 1500");
    NoAllocation.check(500, sending);
    assertThat(port.counters().snapshot().offloadRefusals()).isPositive();
  }
}
