// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

class CoalescerOracleTest {
  private final ByteBuffer arena = ByteBuffer.allocateDirect(Segmenter.ARENA_BYTES);

  /** What the coalescer makes of a run of packets, all but the last equal in size. */
  private static List<Burst> coalesce(List<byte[]> packets, boolean mergeUdp) {
    byte[] run = Bursts.join(packets);
    ByteBuffer b = ByteBuffer.allocateDirect(run.length + 3).put(3, run);
    Coalescer coalescer = new Coalescer(mergeUdp);
    coalescer.begin(b, 0, 3, run.length, packets.get(0).length);
    List<Burst> bursts = new ArrayList<>();
    while (true) {
      Burst burst = new Burst();
      int got = coalescer.next(burst);
      if (got == Coalescer.END) {
        return bursts;
      }
      assertThat(got).isEqualTo(Coalescer.BURST);
      bursts.add(burst);
    }
  }

  private static List<byte[]> stream(Gen gen, int protocol, int flags) {
    int size = gen.range(1, 1460);
    int payload = Math.min(gen.range(1, 60 * size), 60_000);
    return Bursts.cut(Bursts.superPacket(gen, protocol, payload, flags), size);
  }

  private static List<byte[]> pairOf(Gen gen, int protocol) {
    return Bursts.cut(Bursts.superPacket(gen, protocol, 200, Tcp.ACK), 100);
  }

  @Test
  void whatWasSegmentedCoalescesToTheSameBurst() {
    Gen.cases(
        1000,
        gen -> {
          int protocol = gen.pick(Ip.TCP, Ip.UDP);
          int size = gen.range(1, 1460);
          int payload = Math.min(gen.range(1, 60 * size), 60_000);
          byte[] p =
              Bursts.superPacket(gen, protocol, payload, Tcp.ACK | (gen.flip() ? Tcp.PSH : 0));
          List<byte[]> packets = Bursts.cut(p, size);
          List<Burst> bursts = coalesce(packets, true);
          assertThat(bursts).hasSize(1);
          Burst b = bursts.get(0);
          if (packets.size() == 1) {
            assertThat(Slow.bytes(b)).isEqualTo(packets.get(0));
            return;
          }
          assertThat(b.partialChecksum()).isTrue();
          assertThat(b.segmentBytes()).isEqualTo(size);
          assertThat(b.pieces()).isEqualTo(packets.size()).isEqualTo(b.segments());
          assertThat(Slow.bytes(b)).isEqualTo(p);
          SegmenterOracleTest.assertEqual(Bursts.segment(b, arena, 0), packets);
        });
  }

  @Test
  void anyRunComesOutAsItWentIn() {
    Gen.cases(
        2000,
        gen -> {
          List<byte[]> packets = stream(gen, gen.pick(Ip.TCP, Ip.UDP), Tcp.ACK);
          for (int i = gen.below(4); i > 0; i--) {
            byte[] p = packets.get(gen.below(packets.size()));
            int at = gen.below(Math.min(p.length, 120));
            byte before = p[at];
            p[at] = (byte) gen.anyInt();
            Slow.fixIp(p);
            Burst single = new Burst();
            boolean good = single.check(RandomPackets.direct(p), 0, 0, p.length) == null;
            if (!good || single.length() != p.length) {
              p[at] = before;
              Slow.fixIp(p);
            } else if (single.protocol() == Slow.protocol(packets.get(0)) && gen.flip()) {
              Slow.fixTransport(p);
            }
          }
          List<byte[]> out = new ArrayList<>();
          for (Burst b : coalesce(packets, gen.flip())) {
            out.addAll(Bursts.segment(b, arena, 0));
          }
          SegmenterOracleTest.assertEqual(out, packets);
        });
  }

  @Test
  void aSegmentWithAWrongChecksumIsPassedOnAlone() {
    Gen.cases(
        300,
        gen -> {
          RandomPackets random = new RandomPackets(gen);
          random.protocol = Ip.TCP;
          random.payload = gen.bytes(500);
          byte[] p = random.build();
          Slow.makePartial(p);
          List<byte[]> packets = Bursts.cut(p, 100);
          byte[] broken = packets.get(2);
          broken[broken.length - 1]++;
          List<Burst> bursts = coalesce(packets, false);
          assertThat(bursts).hasSize(3);
          assertThat(bursts).extracting(Burst::segments).containsExactly(2, 1, 2);
          assertThat(bursts.get(1).partialChecksum()).isFalse();
          assertThat(Slow.bytes(bursts.get(1))).isEqualTo(broken);
        });
  }

  @Test
  void segmentsThatDifferDoNotMerge() {
    Gen.cases(
        100,
        gen -> {
          assertApart(gen, p -> p[1] ^= (byte) 0x10);
          assertApart(gen, p -> p[Slow.version(p) == 4 ? 8 : 7]++);
          for (int at : new int[] {0, 2, 4, 8, 14, 18}) {
            assertApart(gen, p -> p[Slow.transport(p) + at + 1]++);
          }
          for (int flag : new int[] {Tcp.SYN, Tcp.RST, Tcp.URG, Tcp.ECE, Tcp.CWR}) {
            assertApart(gen, p -> p[Slow.transport(p) + 13] |= (byte) flag);
          }
        });
  }

  private static void assertApart(Gen gen, Consumer<byte[]> change) {
    List<byte[]> packets = pairOf(gen, Ip.TCP);
    byte[] second = packets.get(1);
    change.accept(second);
    Slow.fixIp(second);
    Slow.fixTransport(second);
    assertThat(coalesce(packets, true)).hasSize(2);
  }

  @Test
  void differentOptionsDoNotMerge() {
    RandomPackets random = new RandomPackets(new Gen(5));
    random.protocol = Ip.TCP;
    random.tcpOptions = new byte[12];
    random.payload = new byte[200];
    List<byte[]> packets = Bursts.cut(random.build(), 100);
    byte[] second = packets.get(1);
    second[Slow.transport(second) + 31]++;
    Slow.fixTransport(second);
    assertThat(coalesce(packets, true)).hasSize(2);
  }

  @Test
  void ipv4IdsMustRiseByOneOrStandStillWithDontFragment() {
    for (boolean dontFragment : new boolean[] {true, false}) {
      for (int step = -1; step <= 2; step++) {
        RandomPackets random = new RandomPackets(new Gen(6));
        random.version = 4;
        random.protocol = Ip.TCP;
        random.payload = new byte[300];
        random.fragmentWord = dontFragment ? 0x4000 : 0;
        List<byte[]> packets = Bursts.cut(random.build(), 100);
        for (int i = 0; i < packets.size(); i++) {
          Slow.put16(packets.get(i), 4, random.id + i * step);
          Slow.fixIp(packets.get(i));
        }
        boolean merges = step == 1 || (step == 0 && dontFragment);
        assertThat(coalesce(packets, true)).hasSize(merges ? 1 : 3);
      }
    }
  }

  @Test
  void pushAndFinEndABurst() {
    for (int flags : new int[] {Tcp.PSH, Tcp.FIN, Tcp.PSH | Tcp.FIN}) {
      List<byte[]> packets = Bursts.cut(Bursts.superPacket(new Gen(7), Ip.TCP, 400, Tcp.ACK), 100);
      byte[] second = packets.get(1);
      second[Slow.transport(second) + 13] |= (byte) flags;
      Slow.fixTransport(second);
      List<Burst> bursts = coalesce(packets, true);
      assertThat(bursts).extracting(Burst::segments).containsExactly(2, 2);
      Burst first = bursts.get(0);
      assertThat(Tcp.flags(first.buffer(), first.transport())).isEqualTo(Tcp.ACK | flags);
      SegmenterOracleTest.assertEqual(Bursts.segment(first, arena, 0), packets.subList(0, 2));
    }
  }

  @Test
  void segmentsThatAllEchoCongestionMerge() {
    byte[] p = Bursts.superPacket(new Gen(8), Ip.TCP, 400, Tcp.ACK | Tcp.ECE | Tcp.PSH);
    List<Burst> bursts = coalesce(Bursts.cut(p, 100), true);
    assertThat(bursts).hasSize(1);
    assertThat(Slow.bytes(bursts.get(0))).isEqualTo(p);
  }

  @Test
  void datagramsMergeOnlyWhenTheDeviceTakesThemAndAllHaveAChecksum() {
    Gen.cases(
        100,
        gen -> {
          assertThat(coalesce(pairOf(gen, Ip.UDP), false)).hasSize(2);
          assertThat(coalesce(pairOf(gen, Ip.UDP), true)).hasSize(1);
          for (int i = 0; i < 2; i++) {
            List<byte[]> packets = pairOf(gen, Ip.UDP);
            byte[] without = packets.get(i);
            Slow.put16(without, Slow.checksumAt(without), 0);
            assertThat(coalesce(packets, true)).hasSize(2);
          }
        });
  }

  @Test
  void aBurstStaysWithinItsLimits() {
    byte[] many = Bursts.superPacket(new Gen(8), Ip.TCP, 3000, Tcp.ACK);
    List<byte[]> small = Bursts.cut(many, 10);
    assertThat(coalesce(small, true))
        .extracting(Burst::segments)
        .containsExactly(Burst.MAX_PIECES, Burst.MAX_PIECES, 300 - 2 * Burst.MAX_PIECES);

    RandomPackets random = new RandomPackets(new Gen(9));
    random.protocol = Ip.TCP;
    random.payload = new byte[65_000];
    List<byte[]> large = new ArrayList<>(Bursts.cut(random.build(), 1300));
    byte[] next = large.get(49).clone();
    Slow.put32(next, Slow.transport(next) + 4, Slow.u32(next, Slow.transport(next) + 4) + 1300);
    if (Slow.version(next) == 4) {
      Slow.put16(next, 4, Slow.u16(next, 4) + 1);
    }
    Slow.fixIp(next);
    Slow.fixTransport(next);
    large.add(next);
    List<Burst> bursts = coalesce(large, true);
    assertThat(bursts).hasSize(2);
    assertThat(bursts.get(0).length()).isLessThanOrEqualTo(65_535);
  }

  @Test
  void aPacketThatFailsItsCheckIsReportedAndTheRestGoesOn() {
    List<byte[]> packets = Bursts.cut(Bursts.superPacket(new Gen(10), Ip.TCP, 400, Tcp.ACK), 100);
    packets.get(1)[0] = 0x11;
    byte[] run = Bursts.join(packets);
    Coalescer coalescer = new Coalescer(false);
    coalescer.begin(RandomPackets.direct(run), 0, 0, run.length, packets.get(0).length);
    Burst b = new Burst();
    assertThat(coalescer.next(b)).isEqualTo(Coalescer.BURST);
    assertThat(b.segments()).isEqualTo(1);
    assertThat(coalescer.next(b)).isEqualTo(Coalescer.DROPPED);
    assertThat(coalescer.lastDrop()).isEqualTo(DropReason.NOT_IP);
    assertThat(coalescer.next(b)).isEqualTo(Coalescer.BURST);
    assertThat(b.segments()).isEqualTo(2);
    assertThat(coalescer.next(b)).isEqualTo(Coalescer.END);
  }

  @Test
  void noiseNeverThrows() {
    Gen.cases(
        5000,
        gen -> {
          byte[] noise = gen.bytes(gen.range(0, 400));
          for (int i = 0; i < noise.length; i += 40) {
            noise[i] = (byte) gen.pick(0x45, 0x60);
          }
          Coalescer coalescer = new Coalescer(true);
          coalescer.begin(
              RandomPackets.direct(noise), 0, 0, noise.length, gen.pick(1, 40, gen.range(1, 500)));
          Burst b = new Burst();
          int calls = 0;
          while (coalescer.next(b) != Coalescer.END) {
            assertThat(++calls).isLessThanOrEqualTo(noise.length);
          }
        });
  }

  @Test
  void theRunLiesInOneBufferAndOnlyHeadersChange() {
    List<byte[]> packets = Bursts.cut(Bursts.superPacket(new Gen(11), Ip.TCP, 300, Tcp.ACK), 100);
    byte[] run = Bursts.join(packets);
    ByteBuffer b = RandomPackets.direct(run);
    Coalescer coalescer = new Coalescer(false);
    coalescer.begin(b, 0, 0, run.length, packets.get(0).length);
    coalescer.next(new Burst());
    int first = Bursts.headerBytes(packets.get(0));
    assertThat(Slow.bytes(b, first, run.length - first))
        .isEqualTo(Arrays.copyOfRange(run, first, run.length));
  }
}
