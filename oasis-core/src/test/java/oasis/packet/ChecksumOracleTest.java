// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

class ChecksumOracleTest {
  @Test
  void theSumIsThatOfRfc1071AtAnyPlaceAndLength() {
    Gen.cases(
        3000,
        gen -> {
          byte[] all = gen.bytes(gen.range(1, gen.chance(0.05) ? 66_000 : 300));
          int at = gen.below(all.length);
          int bytes = gen.range(0, all.length - at);
          ByteBuffer b = RandomPackets.direct(all);
          int fast = Checksum.fold(Checksum.sum(b, at, bytes, 0));
          assertThat(fast).isEqualTo(Slow.sum(all, at, at + bytes, 0));
          assertThat(Checksum.finish(Checksum.sum(b, at, bytes, 0))).isEqualTo(~fast & 0xffff);
        });
  }

  @Test
  void blocksOfEvenLengthSumUpInAnyDivision() {
    Gen.cases(
        500,
        gen -> {
          byte[] all = gen.bytes(gen.range(2, 500));
          int cut = gen.below(all.length / 2 + 1) * 2;
          ByteBuffer b = RandomPackets.direct(all);
          long sum = Checksum.sum(b, cut, all.length - cut, Checksum.sum(b, 0, cut, 0));
          assertThat(Checksum.fold(sum)).isEqualTo(Slow.sum(all, 0, all.length, 0));
        });
  }

  @Test
  void onesOnlyDoNotOverflow() {
    byte[] all = new byte[1 << 20];
    Arrays.fill(all, (byte) 0xff);
    long sum = Checksum.sum(RandomPackets.direct(all), 0, all.length, 0xffff_ffffL);
    assertThat(Checksum.fold(sum)).isEqualTo(0xffff);
    assertThat(Checksum.fold(0)).isZero();
    assertThat(Checksum.fold(Long.MAX_VALUE)).isEqualTo(0x7fff);
  }

  @Test
  void incrementalUpdatesAgreeWithTheSumMadeAnew() {
    Gen.cases(
        2000,
        gen -> {
          byte[] p = gen.bytes(40);
          int at = gen.below(18) * 2;
          int before = ~Slow.sum(p, 0, 40, 0) & 0xffff;
          int old16 = Slow.u16(p, at);
          int value = gen.anyInt();
          byte[] q = p.clone();
          Slow.put16(q, at, value);
          assertThat(Checksum.update16(before, old16, value & 0xffff))
              .isEqualTo(~Slow.sum(q, 0, 40, 0) & 0xffff);
        });
  }

  @Test
  void pseudoHeadersOfBothFamiliesAgree() {
    Gen.cases(
        1000,
        gen -> {
          byte[] p = RandomPackets.any(gen);
          ByteBuffer b = RandomPackets.direct(p);
          int bytes = gen.below(65_536);
          int slow = Slow.pseudo(p, Slow.protocol(p), bytes);
          assertThat(Checksum.fold(Checksum.pseudo(b, 0, Slow.protocol(p), bytes))).isEqualTo(slow);
          FlowKey key = FlowKeys.read(b, 0, Slow.protocol(p), Slow.transport(p), new FlowKey());
          assertThat(Checksum.fold(Checksum.pseudo(key, bytes))).isEqualTo(slow);
        });
  }

  @Test
  void aPacketIsGoodUntilABitOfItFlips() {
    Gen.cases(
        1000,
        gen -> {
          byte[] p = RandomPackets.any(gen);
          assertThat(isGood(p)).isTrue();
          int at = gen.range(Slow.transport(p), p.length - 1);
          p[at] ^= (byte) (1 << gen.below(8));
          Burst b = new Burst();
          // What the check lets through (a length, a header's size) is told by the checksum.
          if (b.check(RandomPackets.direct(p), 0, 0, p.length) == null) {
            boolean none = b.version() == 4 && b.protocol() == Ip.UDP && udpChecksum(b) == 0;
            assertThat(Checksum.isGood(b)).as("byte %d", at).isEqualTo(none);
          }
        });
  }

  @Test
  void anAbsentChecksumIsGoodInIpv4Only() {
    Gen.cases(
        200,
        gen -> {
          RandomPackets random = new RandomPackets(gen);
          random.protocol = Ip.UDP;
          byte[] p = random.build();
          Slow.put16(p, Slow.checksumAt(p), 0);
          assertThat(isGood(p)).isEqualTo(Slow.version(p) == 4);
        });
  }

  @Test
  void whatIsNotFinishedIsNotJudged() {
    Gen.cases(
        200,
        gen -> {
          byte[] p = Bursts.superPacket(gen, gen.pick(Ip.TCP, Ip.UDP), 1000, Tcp.ACK);
          assertThat(Checksum.isGood(Bursts.offloaded(p, 90))).isTrue();
        });
  }

  private static boolean isGood(byte[] p) {
    Burst b = new Burst();
    assertThat(b.check(RandomPackets.direct(p), 0, 0, p.length)).isNull();
    return Checksum.isGood(b);
  }

  private static int udpChecksum(Burst b) {
    return Udp.checksum(b.buffer(), b.transport());
  }
}
