// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import oasis.testkit.Gen;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Whatever the bytes are: no exception, no byte read outside, accessors within their bounds. */
class BurstFuzzTest {
  private static final int ROUNDS = 30_000;

  private interface Check {
    @Nullable DropReason check(Burst burst, ByteBuffer b, int at, int length);
  }

  @Test
  void plainPacketsNeverThrowNorReadOutside() {
    Gen.cases(ROUNDS, gen -> probe(gen, mutated(gen), (b, m, at, n) -> b.check(m, 0, at, n)));
  }

  @Test
  void offloadedPacketsNeverThrowNorReadOutside() {
    Gen.cases(
        ROUNDS,
        gen -> {
          int link = gen.flip() ? 0 : 14;
          byte[] packet = mutated(gen);
          byte[] all = new byte[10 + link + packet.length];
          System.arraycopy(packet, 0, all, 10 + link, packet.length);
          offload(gen, all, link);
          probe(gen, all, (b, m, at, n) -> b.checkOffloaded(m, 0, at, n, link));
        });
  }

  private static void offload(Gen gen, byte[] all, int link) {
    all[0] = (byte) gen.pick(0, 1, 1, 1, 255);
    all[1] = (byte) gen.pick(0, 1, 4, 5, 0x81, gen.below(256));
    all[4] = (byte) gen.anyInt();
    all[5] = (byte) gen.pick(0, 0, 1, 5);
    all[6] = (byte) (link + gen.pick(20, 20, 40, 40, gen.below(200)));
    all[8] = (byte) gen.pick(16, 16, 6, 6, gen.below(30));
    if (link > 0) {
      Slow.put16(all, 22, gen.pick(0x0800, 0x86dd, gen.below(65_536)));
    }
  }

  /** A valid packet with some bytes changed and perhaps cut; sometimes noise. */
  private static byte[] mutated(Gen gen) {
    if (gen.chance(0.1)) {
      byte[] noise = gen.bytes(gen.below(120));
      if (noise.length > 0 && gen.flip()) {
        noise[0] = (byte) gen.pick(0x45, 0x60);
      }
      return noise;
    }
    byte[] p = RandomPackets.any(gen);
    for (int i = gen.below(4); i > 0; i--) {
      p[gen.below(Math.min(p.length, 120))] = (byte) gen.anyInt();
    }
    if (gen.chance(0.7)) {
      Slow.put16(p, 10, 0);
      Slow.put16(p, 10, ~Slow.sum(p, 0, Math.min(p.length, (p[0] & 15) * 4), 0) & 0xffff);
    }
    return gen.chance(0.2) ? Arrays.copyOf(p, gen.below(p.length + 1)) : p;
  }

  private static void probe(Gen gen, byte[] bytes, Check check) {
    int before = gen.range(1, 50);
    int behind = gen.range(1, 50);
    ByteBuffer guarded = ByteBuffer.allocateDirect(before + bytes.length + behind);
    gen.fill(guarded, 0, guarded.capacity());
    guarded.put(before, bytes);
    ByteBuffer atEnd = ByteBuffer.allocate(before + bytes.length).put(before, bytes);
    Burst first = new Burst();
    Burst second = new Burst();
    DropReason why = check.check(first, guarded, before, bytes.length);
    // Other guards on both sides, and a buffer that ends with the packet, change nothing.
    assertThat(check.check(second, atEnd, before, bytes.length)).isEqualTo(why);
    if (why == null) {
      assertThat(describe(second)).isEqualTo(describe(first));
      assertBounds(second, before, before + bytes.length);
      use(gen, first);
    }
  }

  private static String describe(Burst b) {
    FlowKey k = b.laterFragment() ? new FlowKey() : new FlowKey().of(b);
    return String.join(
        " ",
        "" + b.transport(),
        "" + b.headerBytes(),
        "" + b.payloadBytes(),
        "" + b.segmentBytes(),
        "" + b.protocol(),
        "" + b.fragment(),
        Addresses.text(k.srcHi, k.srcLo),
        Addresses.text(k.dstHi, k.dstLo),
        "" + k.ports);
  }

  private static void assertBounds(Burst b, int from, int to) {
    assertThat(b.start()).isBetween(from, to);
    assertThat(b.transport()).isBetween(b.start() + 20, to);
    assertThat(b.headerBytes()).isBetween(20, Segmenter.MAX_HEADER_BYTES);
    assertThat(b.start() + b.length()).isLessThanOrEqualTo(to);
    assertThat(b.payloadBytes()).isNotNegative();
    assertThat(b.segments()).isPositive();
  }

  /** Everything that takes a checked burst must take this one, and change no guard byte. */
  private static void use(Gen gen, Burst b) {
    ByteBuffer m = b.buffer();
    byte[] before = Slow.bytes(m, 0, b.start());
    int end = b.start() + b.length();
    byte[] behind = Slow.bytes(m, end, m.capacity() - end);
    ByteBuffer out = ByteBuffer.allocateDirect(Segmenter.ARENA_BYTES);
    if (Icmp.isError(b)) {
      FlowKey quoted = new FlowKey();
      if (IcmpInner.read(b, quoted)) {
        IcmpInner.source(b, quoted.dstHi, quoted.dstLo, gen.below(65_536));
        IcmpInner.destination(b, quoted.srcHi, quoted.srcLo, gen.below(65_536));
      }
    }
    Rewrite.source(b, 0, Addresses.v4(0x0a00_0001), gen.below(65_536));
    Rewrite.destination(b, 0, Addresses.v4(0x0a00_0002), gen.below(65_536));
    Rewrite.clampMss(b, gen.range(500, 1500));
    Segmenter segmenter = new Segmenter(out);
    for (int i = 0; i < b.segments(); ) {
      int made = segmenter.segment(b, i);
      assertThat(made).isPositive();
      i += made;
    }
    assertThat(Replies.tcpReset(b, out, 0)).isBetween(0, 60);
    assertThat(Replies.tooBig(b, 1280, 0, Addresses.v4(1), out, 0)).isBetween(0, Replies.MAX_BYTES);
    VirtioHeader.write(out, 0, b, 0);
    assertThat(Slow.bytes(m, 0, b.start())).isEqualTo(before);
    assertThat(Slow.bytes(m, end, m.capacity() - end)).isEqualTo(behind);
  }
}
