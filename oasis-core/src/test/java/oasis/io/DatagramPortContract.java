// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.FlowKey;
import oasis.packet.Fragmenter;
import oasis.packet.Ip;
import oasis.packet.Sealer;
import oasis.packet.SharedKey;
import oasis.packet.Trailer;
import oasis.packet.TrailerMac;
import oasis.packet.Unsealer;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/** What every datagram port does, real or fake: two of them, one sends to the other. */
abstract class DatagramPortContract {
  static final FlowKey FLOW = Packets.key(Ip.UDP, "10.0.0.1", 5000, "10.0.0.2", 9);

  /** Connected to the receiver. */
  abstract DatagramPort sender();

  abstract DatagramPort receiver();

  /** Where the receiver is bound. */
  abstract Endpoint receiverAt();

  /** Brings what was sent to the receiver, where the kernel does not. */
  abstract void carry();

  private List<byte[]> receive(int datagrams) {
    carry();
    List<byte[]> all = new ArrayList<>();
    while (all.size() < datagrams) {
      int n = receiver().receive();
      assertThat(n).as("messages, after %d of %d datagrams", all.size(), datagrams).isPositive();
      for (int i = 0; i < n; i++) {
        int bytes = receiver().bytes(i);
        int each = receiver().datagramBytes(i);
        int at = 0;
        do {
          byte[] datagram = new byte[Math.min(each, bytes - at)];
          receiver().buffer(i).get(receiver().offset(i) + at, datagram);
          all.add(datagram);
          at += each;
        } while (at < bytes);
        assertThat(receiver().sourcePort(i)).isEqualTo(sender().localPort());
      }
    }
    assertThat(all).hasSize(datagrams);
    return all;
  }

  @Test
  void randomBurstsArriveAsTheirPackets() {
    Gen.cases(
        30,
        gen -> {
          List<byte[]> expected = new ArrayList<>();
          for (int i = gen.range(1, 12); i > 0; i--) {
            Burst burst = Bursts.any(gen, "10.0.0.1", "10.0.0.2");
            expected.addAll(Bursts.packets(burst));
            if (gen.flip()) {
              sender().add(burst);
            } else {
              sender().add(burst, receiverAt().hi(), receiverAt().lo(), receiverAt().port());
            }
          }
          sender().flush();
          assertThat(receive(expected.size())).containsExactlyElementsOf(expected);
        });
  }

  /** Each fragment's header is written where that of the one before was. */
  @Test
  void fragmentsCutInPlaceArriveAsTheyWereAdded() {
    ByteBuffer packet = Packets.udp(FLOW, new Gen(1).bytes(4_000));
    packet.putShort(6, (short) 0).putShort(10, (short) 0);
    packet.putShort(10, (short) Checksum.finish(Checksum.sum(packet, 0, Ip.V4_BYTES, 0)));
    Fragmenter fragmenter = new Fragmenter();
    assertThat(fragmenter.begin(Bursts.single(packet), 1_300)).isTrue();
    Burst fragment = new Burst();
    List<byte[]> expected = new ArrayList<>();
    while (fragmenter.next(fragment)) {
      sender().add(fragment);
      expected.add(Packets.bytes(fragment));
    }
    sender().flush();
    assertThat(expected).hasSize(4);
    assertThat(receive(4)).containsExactlyElementsOf(expected);
  }

  @Test
  void nothingIsSentTwice() {
    sender().add(Bursts.single(Packets.udp(FLOW, new byte[100])));
    sender().flush();
    sender().flush();
    assertThat(receive(1)).hasSize(1);
    assertThat(receiver().receive()).isZero();
  }

  @Test
  void eachDatagramOfASealedBurstHasATrailerOfItsOwn() {
    TrailerMac mac = new TrailerMac();
    SharedKey key = new SharedKey(7, new byte[32], "");
    Gen.cases(
        10,
        gen -> {
          Unsealer unsealer = new Unsealer(key, SharedKey.Role.NODE, mac);
          sender().sealWith(new Sealer(key, SharedKey.Role.CLIENT, gen.anyInt() & 0xffffL, mac));
          List<byte[]> expected = new ArrayList<>();
          for (int i = gen.range(1, 6); i > 0; i--) {
            Burst burst = Bursts.any(gen, "10.0.0.1", "10.0.0.2");
            expected.addAll(Bursts.packets(burst));
            sender().add(burst);
          }
          sender().flush();
          sender().sendEmpty();
          expected.add(new byte[0]);
          List<byte[]> packets = new ArrayList<>();
          for (byte[] datagram : receive(expected.size())) {
            ByteBuffer sealed = ByteBuffer.wrap(datagram);
            assertThat(unsealer.open(sealed, 0, datagram.length)).isNull();
            packets.add(Arrays.copyOf(datagram, datagram.length - Trailer.BYTES));
          }
          assertThat(packets).containsExactlyElementsOf(expected);
          sender().sealWith(null);
        });
    sender().sendEmpty();
    assertThat(receive(1)).containsExactly(new byte[0]);
  }

  @Test
  void emptyDatagramsArriveEmpty() {
    sender().sendEmpty();
    sender().sendEmpty(receiverAt().hi(), receiverAt().lo(), receiverAt().port());
    assertThat(receive(2)).containsExactly(new byte[0], new byte[0]);
  }

  @Test
  void receivingFromASilentPeerGivesNothing() {
    carry();
    assertThat(receiver().receive()).isZero();
  }

  @Test
  void packetsAndBytesAreCountedAtBothEnds() {
    Burst burst = Bursts.burst(Bursts.offloaded(Packets.udp(FLOW, new byte[2500]), Ip.UDP, 1000));
    sender().add(burst);
    sender().flush();
    receive(3);
    assertThat(sender().counters().snapshot().outPkts()).isEqualTo(3);
    assertThat(sender().counters().snapshot().outBytes()).isEqualTo(2500 + 3 * 28);
    assertThat(receiver().counters().snapshot().inPkts()).isEqualTo(3);
    assertThat(receiver().counters().snapshot().inBytes()).isEqualTo(2500 + 3 * 28);
  }
}
