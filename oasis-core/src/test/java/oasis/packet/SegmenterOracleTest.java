// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

class SegmenterOracleTest {
  private final ByteBuffer arena = ByteBuffer.allocateDirect(Segmenter.ARENA_BYTES);

  @Test
  void aBurstIsCutAsTheReferenceCutsIt() {
    Gen.cases(
        1000,
        gen -> {
          int protocol = gen.pick(Ip.TCP, Ip.UDP);
          int flags = Tcp.ACK | (gen.anyInt() & (Tcp.FIN | Tcp.PSH | Tcp.CWR | Tcp.ECE));
          int size = gen.range(1, 1460);
          int payload = Math.min(gen.range(1, 60 * size), 60_000);
          byte[] p = Bursts.superPacket(gen, protocol, payload, flags);
          Burst b = Bursts.offloaded(p, size);
          assertThat(b.segments()).isEqualTo((payload + size - 1) / size);
          assertEqual(Bursts.segment(b, arena, 0), Bursts.cut(p, size));
        });
  }

  @Test
  void aBurstOfManySmallSegmentsTakesSeveralRounds() {
    byte[] p = Bursts.superPacket(new Gen(1), Ip.TCP, 60_000, Tcp.ACK | Tcp.PSH);
    Burst b = Bursts.offloaded(p, 101);
    assertThat(b.segments()).isGreaterThan(Burst.MAX_PIECES);
    assertEqual(Bursts.segment(b, arena, 0), Bursts.cut(p, 101));
  }

  @Test
  void aRoundEndsWhereTheArenaDoes() {
    byte[] p = Bursts.superPacket(new Gen(2), Ip.UDP, 5000, 0);
    Burst b = Bursts.offloaded(p, 100);
    int room = 3 * b.headerBytes() + 5;
    int at = arena.capacity() - room;
    assertThat(new Segmenter(arena).segment(b, 0, at)).isEqualTo(3);
    assertEqual(Bursts.segment(b, arena, at), Bursts.cut(p, 100));
    assertThat(new Segmenter(arena).segment(b, 0, arena.capacity() - 5)).isZero();
  }

  @Test
  void aSinglePacketWithAPartialChecksumIsFinished() {
    Gen.cases(
        500,
        gen -> {
          int protocol = gen.pick(Ip.TCP, Ip.UDP);
          byte[] p = Bursts.superPacket(gen, protocol, gen.below(1400), Tcp.ACK | Tcp.SYN);
          Burst b = new Burst();
          assertThat(b.check(RandomPackets.direct(p), 0, 0, p.length)).isNull();
          b.partialChecksum = true;
          Slow.fixTransport(p);
          assertEqual(Bursts.segment(b, arena, 0), List.of(p));
        });
  }

  @Test
  void aSinglePacketWithABrokenChecksumIsCopiedAsItIs() {
    Gen.cases(
        300,
        gen -> {
          byte[] p = RandomPackets.any(gen);
          Slow.put16(p, Slow.checksumAt(p), gen.below(65_536));
          Burst b = new Burst();
          assertThat(b.check(RandomPackets.direct(p), 0, 0, p.length)).isNull();
          assertEqual(Bursts.segment(b, arena, 0), List.of(p));
        });
  }

  @Test
  void aWholeBurstBecomesOnePacketWithTheReferencesChecksum() {
    Gen.cases(
        1000,
        gen -> {
          int size = gen.range(1, 1460);
          int payload = Math.min(gen.range(1, 60 * size), 60_000);
          byte[] p = Bursts.superPacket(gen, Ip.TCP, payload, Tcp.ACK | Tcp.PSH | Tcp.FIN);
          Burst b = Bursts.offloaded(p, size);
          Slow.fixTransport(p);
          assertThat(whole(b)).isEqualTo(p);
          if (b.segments() <= Burst.MAX_PIECES) {
            assertThat(whole(inPieces(b))).isEqualTo(p);
          }
        });
  }

  /** The same burst with its payload in a piece for each segment, as merged ones have it. */
  private static Burst inPieces(Burst b) {
    Burst pieces = new Burst();
    pieces.set(b);
    pieces.pieces = b.segments();
    for (int i = 0; i < pieces.pieces; i++) {
      int skip = i * b.segmentBytes();
      pieces.pieceStart[i] = b.pieceStart(0) + skip;
      pieces.pieceBytes[i] =
          pieces.pieces == 1
              ? b.payloadBytes()
              : Math.min(b.segmentBytes(), b.payloadBytes() - skip);
    }
    return pieces;
  }

  private byte[] whole(Burst b) {
    int headers = new Segmenter(arena).whole(b, 0);
    byte[] packet = new byte[headers + b.payloadBytes()];
    arena.get(0, packet, 0, headers);
    int at = headers;
    for (int i = 0; i < b.pieces(); i++) {
      b.buffer().get(b.pieceStart(i), packet, at, b.pieceBytes(i));
      at += b.pieceBytes(i);
    }
    return packet;
  }

  static void assertEqual(List<byte[]> packets, List<byte[]> expected) {
    assertThat(packets).hasSameSizeAs(expected);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(packets.get(i)).as("packet %d", i).isEqualTo(expected.get(i));
    }
  }
}
