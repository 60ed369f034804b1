// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

class IcmpInnerOracleTest {
  private static final class Case {
    final byte[] inner;
    final Burst error = new Burst();
    final int quoted;

    /**
     * An error about a random packet, of which at least {@code least} bytes of transport are cut.
     */
    Case(Gen gen) {
      inner = RandomPackets.any(gen);
      int least = Slow.transport(inner) + 8;
      int any = gen.range(least, Math.min(inner.length, 1200));
      // Half a TCP checksum is left as it is, unlike in the whole packet that is compared.
      quoted = any == least + 9 ? least : any;
      RandomPackets outer = new RandomPackets(gen);
      outer.version = Slow.version(inner);
      outer.protocol = outer.version == 4 ? Ip.ICMP : Ip.ICMP6;
      outer.payload = Arrays.copyOf(inner, quoted);
      byte[] p = outer.build();
      p[Slow.transport(p)] = (byte) (outer.version == 4 ? gen.pick(3, 11, 12) : gen.range(1, 4));
      Slow.fixTransport(p);
      assertThat(error.check(RandomPackets.direct(p), 0, 0, p.length)).isNull();
    }

    byte[] innerNow() {
      return Slow.bytes(error.buffer(), error.transport() + 8, quoted);
    }
  }

  @Test
  void theQuotedFlowIsRead() {
    Gen.cases(
        1000,
        gen -> {
          Case c = new Case(gen);
          assertThat(Icmp.isError(c.error)).isTrue();
          FlowKey key = new FlowKey();
          assertThat(IcmpInner.read(c.error, key)).isTrue();
          Burst inner = new Burst();
          inner.check(RandomPackets.direct(c.inner), 0, 0, c.inner.length);
          FlowKey expected = new FlowKey().of(inner);
          assertThat(key).usingRecursiveComparison().isEqualTo(expected);
        });
  }

  @Test
  void rewritingTheQuoteKeepsAllChecksumsRightAndComesBack() {
    Gen.cases(
        2000,
        gen -> {
          Case c = new Case(gen);
          byte[] before = Slow.bytes(c.error);
          FlowKey old = new FlowKey();
          assertThat(IcmpInner.read(c.error, old)).isTrue();
          boolean v4 = c.error.version() == 4;
          long hi = v4 ? 0 : gen.anyLong();
          long lo = v4 ? Addresses.v4(gen.anyInt()) : gen.anyLong();
          int port = gen.below(65_536);
          boolean source = gen.flip();
          if (source) {
            IcmpInner.source(c.error, hi, lo, port);
          } else {
            IcmpInner.destination(c.error, hi, lo, port);
          }
          assertThat(Slow.transportIsRight(Slow.bytes(c.error))).isTrue();
          // The same change made on the whole packet gives the same first bytes.
          Burst inner = new Burst();
          inner.check(RandomPackets.direct(c.inner), 0, 0, c.inner.length);
          if (source) {
            Rewrite.source(inner, hi, lo, port);
          } else {
            Rewrite.destination(inner, hi, lo, port);
          }
          assertThat(c.innerNow()).isEqualTo(Arrays.copyOf(Slow.bytes(inner), c.quoted));
          if (source) {
            IcmpInner.source(c.error, old.srcHi, old.srcLo, old.sport());
          } else {
            IcmpInner.destination(c.error, old.dstHi, old.dstLo, old.dport());
          }
          assertThat(Slow.bytes(c.error)).isEqualTo(before);
        });
  }

  @Test
  void aQuoteWithoutPortsIsNotRead() {
    Gen.cases(
        500,
        gen -> {
          Case c = new Case(gen);
          byte[] p = Slow.bytes(c.error);
          int shorter = Slow.transport(p) + 8 + gen.below(Slow.transport(c.inner) + 8);
          byte[] cut = Arrays.copyOf(p, shorter);
          Slow.put16(
              cut, Slow.version(p) == 4 ? 2 : 4, Slow.version(p) == 4 ? shorter : shorter - 40);
          Slow.fixIp(cut);
          Burst b = new Burst();
          assertThat(b.check(RandomPackets.direct(cut), 0, 0, cut.length)).isNull();
          assertThat(IcmpInner.read(b, new FlowKey())).isFalse();
        });
  }
}
