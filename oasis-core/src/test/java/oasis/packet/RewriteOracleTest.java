// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

class RewriteOracleTest {
  private static final int ROUNDS = 2000;

  private static Burst burst(byte[] p) {
    Burst b = new Burst();
    assertThat(b.check(RandomPackets.direct(p), 0, 0, p.length)).isNull();
    return b;
  }

  private static FlowKey randomKey(Gen gen, int version) {
    FlowKey key = new FlowKey();
    return version == 4
        ? key.set(0, Addresses.v4(gen.anyInt()), 0, Addresses.v4(gen.anyInt()), 0, port(gen), 0)
        : key.set(
            gen.anyLong(), gen.anyLong(), gen.anyLong(), gen.anyLong(), 0, port(gen), port(gen));
  }

  private static int port(Gen gen) {
    return gen.below(65_536);
  }

  private static void both(Burst b, FlowKey to) {
    Rewrite.source(b, to.srcHi, to.srcLo, to.sport());
    Rewrite.destination(b, to.dstHi, to.dstLo, to.dport());
  }

  /** The same by hand, with every checksum made anew. */
  private static byte[] slowly(byte[] p, FlowKey to) {
    byte[] q = p.clone();
    ByteBuffer b = ByteBuffer.wrap(q);
    if (Slow.version(p) == 4) {
      b.putInt(12, (int) to.srcLo).putInt(16, (int) to.dstLo);
    } else {
      b.putLong(8, to.srcHi).putLong(16, to.srcLo).putLong(24, to.dstHi).putLong(32, to.dstLo);
    }
    int transport = Slow.transport(p);
    boolean echo = Slow.protocol(p) != 6 && Slow.protocol(p) != 17;
    Slow.put16(q, transport + (echo ? 4 : 0), echo ? to.dport() : to.sport());
    if (!echo) {
      Slow.put16(q, transport + 2, to.dport());
    }
    Slow.fixIp(q);
    Slow.fixTransport(q);
    return q;
  }

  @Test
  void addressesAndPortsChangeAndChecksumsFollow() {
    Gen.cases(
        ROUNDS,
        gen -> {
          byte[] p = RandomPackets.any(gen);
          FlowKey to = randomKey(gen, Slow.version(p));
          Burst b = burst(p);
          both(b, to);
          assertThat(Slow.bytes(b)).isEqualTo(slowly(p, to));
        });
  }

  @Test
  void aHopTakesOneFromTheTimeToLiveAndNothingElse() {
    Gen.cases(
        ROUNDS,
        gen -> {
          byte[] p = RandomPackets.any(gen);
          int at = Slow.version(p) == 4 ? 8 : 7;
          p[at] = (byte) gen.range(1, 255);
          Slow.fixIp(p);
          Burst b = burst(p);
          Rewrite.lowerTtl(b);
          p[at]--;
          Slow.fixIp(p);
          assertThat(Slow.bytes(b)).isEqualTo(p);
        });
  }

  @Test
  void thereAndBackIsTheIdentity() {
    Gen.cases(
        ROUNDS,
        gen -> {
          byte[] p = RandomPackets.any(gen);
          Burst b = burst(p);
          FlowKey old = new FlowKey().of(b);
          both(b, randomKey(gen, Slow.version(p)));
          both(b, old);
          assertThat(Slow.bytes(b)).isEqualTo(p);
        });
  }

  @Test
  void aWrongChecksumStaysWrongByTheSameError() {
    Gen.cases(
        ROUNDS,
        gen -> {
          byte[] p = RandomPackets.any(gen);
          int at = Slow.checksumAt(p);
          // 0 says "none" in UDP and equals ffff elsewhere: neither is an error of its own.
          int wrong = gen.range(1, 0xfffe);
          int error = Math.floorMod(wrong - Slow.u16(p, at), 0xffff);
          Slow.put16(p, at, wrong);
          Burst b = burst(p);
          both(b, randomKey(gen, Slow.version(p)));
          byte[] q = Slow.bytes(b);
          assertThat(Math.floorMod(Slow.u16(q, at) - Slow.transportChecksum(q), 0xffff))
              .isEqualTo(error);
        });
  }

  @Test
  void aUdpPacketWithoutChecksumStaysWithout() {
    Gen.cases(
        300,
        gen -> {
          RandomPackets random = new RandomPackets(gen);
          random.protocol = Ip.UDP;
          byte[] p = random.build();
          int at = Slow.checksumAt(p);
          Slow.put16(p, at, 0);
          Burst b = burst(p);
          both(b, randomKey(gen, Slow.version(p)));
          byte[] q = Slow.bytes(b);
          assertThat(Slow.u16(q, at)).isZero();
          assertThat(Slow.ipIsRight(q)).isTrue();
        });
  }

  @Test
  void aPartialChecksumIsTheNewPseudoHeaderSum() {
    Gen.cases(
        ROUNDS,
        gen -> {
          RandomPackets random = new RandomPackets(gen);
          random.protocol = gen.pick(Ip.TCP, Ip.UDP);
          byte[] p = random.build();
          Slow.makePartial(p);
          Burst b = burst(p);
          b.partialChecksum = true;
          both(b, randomKey(gen, Slow.version(p)));
          byte[] q = Slow.bytes(b);
          byte[] expected = q.clone();
          Slow.makePartial(expected);
          assertThat(q).isEqualTo(expected);
          assertThat(Slow.ipIsRight(q)).isTrue();
        });
  }

  @Test
  void aLaterFragmentChangesItsIpHeaderOnly() {
    Gen.cases(
        500,
        gen -> {
          RandomPackets random = new RandomPackets(gen);
          random.version = 4;
          random.protocol = gen.pick(Ip.TCP, Ip.UDP, Ip.ICMP);
          random.payload = gen.bytes(gen.range(8, 500));
          byte[] p = random.build();
          Slow.put16(p, 6, gen.range(1, 7000));
          Slow.fixIp(p);
          Burst b = burst(p);
          both(b, randomKey(gen, 4));
          byte[] q = Slow.bytes(b);
          assertThat(Slow.ipIsRight(q)).isTrue();
          int data = Slow.transport(p);
          assertThat(Arrays.copyOfRange(q, data, q.length))
              .isEqualTo(Arrays.copyOfRange(p, data, p.length));
        });
  }

  @Test
  void theMssOptionIsLoweredWhereverItStands() {
    Gen.cases(
        1000,
        gen -> {
          RandomPackets random = new RandomPackets(gen);
          random.protocol = Ip.TCP;
          random.flags = Tcp.SYN | (gen.flip() ? Tcp.ACK : 0);
          int lead = gen.range(0, 5);
          byte[] options = new byte[12];
          Arrays.fill(options, (byte) Tcp.OPTION_NOP);
          options[lead] = 2;
          options[lead + 1] = 4;
          int mss = gen.below(65_536);
          Slow.put16(options, lead + 2, mss);
          random.tcpOptions = options;
          byte[] p = random.build();
          Burst b = burst(p);
          int max = gen.range(100, 65_535);
          Rewrite.clampMss(b, max);
          byte[] q = Slow.bytes(b);
          int at = Slow.transport(p) + 20 + lead + 2;
          assertThat(Slow.u16(q, at)).isEqualTo(Math.min(mss, max));
          assertThat(Slow.transportIsRight(q)).isTrue();
        });
  }

  @Test
  void onlySynsAreClamped() {
    RandomPackets random = new RandomPackets(new Gen(3));
    random.protocol = Ip.TCP;
    random.tcpOptions = new byte[] {2, 4, 5, (byte) 180};
    byte[] p = random.build();
    Burst b = burst(p);
    Rewrite.clampMss(b, 500);
    assertThat(Slow.bytes(b)).isEqualTo(p);
  }
}
