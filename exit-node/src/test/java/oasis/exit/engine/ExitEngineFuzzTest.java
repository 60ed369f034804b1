// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Prefix;
import oasis.packet.Replies;
import oasis.packet.Tcp;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/**
 * Whatever passes the check of a burst, the engine takes without an exception and within limits.
 */
class ExitEngineFuzzTest {
  private static final Prefix POOL = Prefix.parse("100.64.7.0/24");

  @Test
  void noPacketBreaksTheEngine() {
    Gen.cases(40, ExitEngineFuzzTest::run);
  }

  private static void run(Gen gen) {
    ExitEngine engine =
        new ExitEngine(
            new EngineConfig(
                List.of(Prefix.parse("0.0.0.0/0")),
                List.of(),
                POOL,
                1400,
                new ExitLimits(5, 2, 12, 6, 1000),
                gen.anyLong()),
            ByteBuffer.allocateDirect(Replies.MAX_BYTES),
            0);
    RecordingEffects out = new RecordingEffects();
    Burst burst = new Burst();
    long now = 0;
    for (int i = 0; i < 2_000; i++) {
      now += gen.range(0L, 3_000_000_000L);
      ByteBuffer packet = packet(gen, out);
      if (burst.check(packet, 0, 0, packet.capacity()) == null) {
        if (gen.flip()) {
          engine.onClient(burst, 0, Addresses.v4(gen.range(1, 9)), gen.range(1, 2), now, out);
        } else {
          engine.onTun(burst, now, out);
        }
      }
      engine.onDue(now, out);
      assertThat(engine.info().flows()).isLessThanOrEqualTo(12);
      assertThat(engine.clients(99)).allMatch(c -> c.flows() >= 0 && c.flows() <= 7);
      out.toClient.clear();
      out.replies.clear();
    }
    engine.stop(now, out);
    engine.onDue(now + (1L << 50), out);
    assertThat(engine.info().flows()).isZero();
    assertThat(engine.info().sources()).isZero();
    assertThat(engine.info().clients()).isZero();
  }

  /** A plausible packet, perhaps damaged; or an answer to one that the engine has let out. */
  private static ByteBuffer packet(Gen gen, RecordingEffects out) {
    if (!out.toTun.isEmpty() && gen.chance(0.5)) {
      byte[] sent = out.toTun.remove(gen.below(out.toTun.size()));
      FlowKey back = new FlowKey().of(Packets.burst(Packets.direct(sent))).reverse();
      return damage(gen, gen.chance(0.3) ? error(back, sent) : fresh(gen, back));
    }
    FlowKey key =
        Packets.key(
            gen.pick(Ip.TCP, Ip.UDP, Ip.ICMP, 47),
            "10.0.0." + gen.range(1, 3),
            gen.range(1, 3),
            gen.chance(0.8) ? "203.0.113." + gen.range(1, 3) : "100.64.7." + gen.below(256),
            gen.pick(53, 80));
    return damage(gen, fresh(gen, key));
  }

  private static ByteBuffer fresh(Gen gen, FlowKey key) {
    byte[] payload = gen.bytes(gen.below(20));
    return switch (key.protocol()) {
      case Ip.TCP ->
          Packets.tcp(
              key, gen.flip() ? Tcp.SYN : gen.below(64), gen.anyInt(), gen.anyInt(), payload);
      case Ip.UDP -> Packets.udp(key, payload);
      case Ip.ICMP ->
          gen.flip()
              ? Packets.echo(key, gen.flip(), 1)
              : Packets.icmp(key, gen.below(20), 0, payload);
      default -> Packets.udp(key, payload).put(9, (byte) key.protocol());
    };
  }

  private static ByteBuffer error(FlowKey back, byte[] sent) {
    FlowKey router = new FlowKey().set(0, back.srcLo, 0, back.dstLo, Ip.ICMP, 0, 0);
    byte[] quote = new byte[4 + sent.length];
    System.arraycopy(sent, 0, quote, 4, sent.length);
    return Packets.icmp(router, 3, 1, quote);
  }

  private static ByteBuffer damage(Gen gen, ByteBuffer packet) {
    for (int flips = gen.chance(0.3) ? gen.range(1, 3) : 0; flips > 0; flips--) {
      packet.put(gen.below(packet.capacity()), (byte) gen.anyInt());
    }
    if (gen.chance(0.1)) {
      packet.putShort(6, (short) gen.anyInt());
    }
    if (gen.chance(0.7)) {
      // So that what is damaged is seen, not only that it is.
      int header = Math.min(packet.capacity(), (packet.get(0) & 15) * 4) & ~1;
      packet.putShort(10, (short) 0);
      packet.putShort(10, (short) Checksum.finish(Checksum.sum(packet, 0, header, 0)));
    }
    return packet;
  }
}
