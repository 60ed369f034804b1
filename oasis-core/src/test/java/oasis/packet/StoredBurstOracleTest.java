// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import oasis.testkit.Gen;
import oasis.testkit.NoAllocation;
import org.junit.jupiter.api.Test;

/** Whatever parts a burst is kept in, the packets that leave are those that it stood for. */
class StoredBurstOracleTest {
  private static final int AT = 37;

  private final ByteBuffer memory = ByteBuffer.allocateDirect(1 << 17);
  private final ByteBuffer arena = ByteBuffer.allocateDirect(Segmenter.ARENA_BYTES);
  private final Burst kept = new Burst();

  @Test
  void theSegmentsOfAllPartsAreThoseOfTheBurst() {
    Gen.cases(
        1000,
        gen -> {
          int protocol = gen.pick(Ip.TCP, Ip.UDP);
          int flags = Tcp.ACK | (gen.anyInt() & (Tcp.FIN | Tcp.PSH | Tcp.CWR | Tcp.ECE));
          int size = gen.range(1, 1460);
          int payload = Math.min(gen.range(1, 60 * size), 60_000);
          byte[] p = Bursts.superPacket(gen, protocol, payload, flags);
          Burst b = Bursts.offloaded(p, size);
          SegmenterOracleTest.assertEqual(
              throughParts(b, gen.range(1, b.segments())), Bursts.cut(p, size));
        });
  }

  @Test
  void aBurstWhosePiecesLieApartIsKeptAsOne() {
    Gen.cases(
        300,
        gen -> {
          int protocol = gen.pick(Ip.TCP, Ip.UDP);
          int size = gen.range(1, 1400);
          int count = gen.range(2, 40);
          byte[] p = Bursts.superPacket(gen, protocol, count * size, Tcp.ACK);
          List<byte[]> packets = Bursts.cut(p, size);
          byte[] run = Bursts.join(packets);
          Coalescer coalescer = new Coalescer(true);
          coalescer.begin(RandomPackets.direct(run), 0, 0, run.length, packets.get(0).length);
          List<byte[]> sent = new ArrayList<>();
          Burst b = new Burst();
          while (coalescer.next(b) == Coalescer.BURST) {
            sent.addAll(throughParts(b, gen.range(1, b.segments())));
          }
          SegmenterOracleTest.assertEqual(sent, packets);
        });
  }

  @Test
  void aSinglePacketStaysAsItIs() {
    Gen.cases(
        500,
        gen -> {
          byte[] p = RandomPackets.any(gen);
          Burst b = new Burst();
          assertThat(b.check(RandomPackets.direct(p), 0, 0, p.length)).isNull();
          SegmenterOracleTest.assertEqual(throughParts(b, 1), List.of(p));
          assertThat(kept.fragment()).isEqualTo(b.fragment());
          assertThat(kept.laterFragment()).isEqualTo(b.laterFragment());
          assertThat(kept.protocol()).isEqualTo(b.protocol());
          assertThat(kept.ipBytes()).isEqualTo(b.ipBytes());
        });
  }

  @Test
  void aMarkIsSeenInEveryPacketAndTheHeaderStaysRight() {
    Gen.cases(
        300,
        gen -> {
          byte[] p = RandomPackets.any(gen);
          Burst b = new Burst();
          assertThat(b.check(RandomPackets.direct(p), 0, 0, p.length)).isNull();
          int before = Ip.tos(b.buffer(), 0);
          assertThat(Rewrite.understandsMarks(b)).isEqualTo((before & 3) != 0);
          Rewrite.markCongestion(b);
          assertThat(Ip.tos(b.buffer(), 0)).isEqualTo(before | 3);
          assertThat(new Burst().check(b.buffer(), 0, 0, p.length)).isNull();
        });
  }

  @Test
  void nothingIsAllocated() {
    byte[] p = Bursts.superPacket(new Gen(1), Ip.TCP, 50_000, Tcp.ACK);
    Burst b = Bursts.offloaded(p, 1400);
    NoAllocation.check(
        2000,
        () -> {
          for (int first = 0; first < b.segments(); first += 7) {
            StoredBurst.write(b, first, Math.min(7, b.segments() - first), memory, AT);
            StoredBurst.read(memory, 0, AT, kept);
          }
        });
  }

  private List<byte[]> throughParts(Burst b, int each) {
    List<byte[]> packets = new ArrayList<>();
    long bytes = 0;
    for (int first = 0; first < b.segments(); first += each) {
      int count = Math.min(each, b.segments() - first);
      StoredBurst.write(b, first, count, memory, AT);
      int end = AT + StoredBurst.bytes(b, first, count);
      StoredBurst.read(memory, 0, AT, kept);
      assertThat(kept.start() + kept.length()).isEqualTo(end);
      assertThat(kept.segments()).isEqualTo(count);
      assertThat(kept.ipBytes()).isEqualTo(StoredBurst.ipBytes(b, first, count));
      bytes += kept.ipBytes();
      packets.addAll(Bursts.segment(kept, arena, 0));
    }
    assertThat(bytes).isEqualTo(b.ipBytes());
    return packets;
  }
}
