// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/** What every TUN port does, real or fake. The host behind it is 10.9.0.1. */
abstract class TunPortContract {
  /** What the other end of the tunnel sends to the host. */
  static final FlowKey TO_HOST = Packets.key(Ip.UDP, "10.9.0.2", 5000, "10.9.0.1", 6000);

  /** What the host sends into the tunnel. */
  static final FlowKey FROM_HOST = Packets.key(Ip.UDP, "10.9.0.1", 6000, "10.9.0.2", 5000);

  final Burst burst = new Burst();

  abstract TunPort tun() throws Exception;

  /** Lets the host send a UDP payload from 10.9.0.1:6000 to 10.9.0.2:5000. */
  abstract void hostSends(byte[] payload) throws Exception;

  /** The UDP payloads that reached 10.9.0.1:6000 so far. */
  abstract List<byte[]> hostReceived(int count) throws Exception;

  private static byte[] udpPayload(Burst b) {
    byte[] payload = new byte[b.payloadBytes()];
    b.buffer().get(b.pieceStart(0), payload);
    return payload;
  }

  @Test
  void whatTheHostSendsIsReadSlotBySlot() throws Exception {
    for (int i = 0; i < 5; i++) {
      hostSends(new byte[] {(byte) i, 1, 2});
    }
    List<Burst> held = new ArrayList<>();
    for (int slot = 0; slot < 5; slot++) {
      Burst b = new Burst();
      assertThat(tun().read(b, slot)).isEqualTo(TunPort.READ);
      held.add(b);
    }
    assertThat(tun().read(burst, 5)).isEqualTo(TunPort.NOTHING);
    for (int i = 0; i < 5; i++) {
      assertThat(udpPayload(held.get(i))).containsExactly((byte) i, 1, 2);
      assertThat(new FlowKey().of(held.get(i)).dport()).isEqualTo(5000);
    }
    assertThat(tun().counters().snapshot().inPkts()).isEqualTo(5);
  }

  @Test
  void singlePacketsReachTheHost() throws Exception {
    byte[] payload = new Gen(1).bytes(1000);
    tun().write(Bursts.single(Packets.udp(TO_HOST, payload)));
    assertThat(hostReceived(1)).containsExactly(payload);
  }

  @Test
  void burstsReachTheHostAsTheirSegments() throws Exception {
    byte[] payload = new Gen(2).bytes(2500);
    tun().write(Bursts.burst(Bursts.offloaded(Packets.udp(TO_HOST, payload), Ip.UDP, 1000)));
    assertThat(hostReceived(3).stream().map(p -> p.length)).containsExactly(1000, 1000, 500);
    assertThat(tun().counters().snapshot().outPkts()).isEqualTo(3);
    assertThat(tun().counters().snapshot().outMessages()).isEqualTo(1);
  }

  @Test
  void whatIsRefusedIsDroppedAndCounted() throws Exception {
    takeDown();
    tun().write(Bursts.single(Packets.udp(TO_HOST, new byte[10])));
    tun().write(Bursts.burst(Bursts.offloaded(Packets.udp(TO_HOST, new byte[30]), Ip.UDP, 10)));
    assertThat(tun().counters().drops(DropReason.SEND_REFUSED)).isEqualTo(4);
    assertThat(tun().counters().snapshot().offloadRefusals()).isZero();
  }

  abstract void takeDown() throws Exception;

  @Test
  void aDeviceThatSomebodyDeletedSaysSo() throws Exception {
    delete();
    assertThat(tun().read(burst, 0)).isEqualTo(TunPort.GONE);
  }

  abstract void delete() throws Exception;
}
