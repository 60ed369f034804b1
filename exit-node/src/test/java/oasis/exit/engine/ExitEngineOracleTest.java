// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import oasis.packet.Addresses;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Prefix;
import oasis.packet.Replies;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/** The engine against a plain map of who talks to whom, with many clients and little room. */
class ExitEngineOracleTest {
  private static final long SECOND = 1_000_000_000L;
  private static final int UDP_IDLE_SECONDS = 120;
  private static final int UDP_ANSWERED_IDLE_SECONDS = 300;

  /** One UDP flow as the client sees it. */
  private record Talk(int clientPort, int inner, int sport, int server) {
    FlowKey key() {
      return Packets.key(Ip.UDP, "192.168.0." + inner, sport, "203.0.113." + server, 4000 + server);
    }
  }

  /** What the model knows of it. */
  private static final class Known {
    long mappedLo;
    long untilNs;
    boolean answered;
  }

  @Test
  void everyPacketGoesWhereTheModelSays() {
    Gen.cases(60, this::run);
  }

  private void run(Gen gen) {
    RecordingEffects out = new RecordingEffects();
    ExitEngine engine =
        new ExitEngine(
            new EngineConfig(
                List.of(Prefix.parse("192.0.2.0/24")),
                List.of(),
                Prefix.parse("100.64.7.0/24"),
                1400,
                new ExitLimits(20, 3, 30, 6, 1000),
                gen.anyLong()),
            ByteBuffer.allocateDirect(Replies.MAX_BYTES),
            0);
    Map<Talk, Known> model = new HashMap<>();
    long now = gen.anyLong() >> 2;
    for (int step = 0; step < 600; step++) {
      now += gen.range(0, gen.chance(0.05) ? 200 * SECOND : SECOND);
      engine.onDue(now, out);
      long time = now;
      model.values().removeIf(known -> known.untilNs - time <= 0);
      assertThat(engine.info().flows()).isEqualTo(model.size());
      if (gen.chance(0.6) || model.isEmpty()) {
        outbound(gen, engine, out, model, now);
      } else {
        inbound(gen, engine, out, model, now);
      }
    }
  }

  private static void outbound(
      Gen gen, ExitEngine engine, RecordingEffects out, Map<Talk, Known> model, long now) {
    Talk talk = new Talk(gen.range(1, 8), gen.range(1, 4), gen.range(1, 3), gen.range(1, 2));
    ByteBuffer packet = Packets.udp(talk.key(), gen.bytes(gen.below(30)));
    engine.onClient(Packets.burst(packet), 0, Addresses.v4(0xc0000201), talk.clientPort, now, out);
    Known known = model.get(talk);
    long live = model.keySet().stream().filter(t -> t.clientPort == talk.clientPort).count();
    if (known == null && (live >= 6 || model.size() >= 30)) {
      assertThat(out.toTun).isEmpty();
      out.replies.clear();
      return;
    }
    if (out.toTun.isEmpty()) {
      // Only a new inner address beyond the client's three may be refused.
      assertThat(known).isNull();
      assertThat(engine.info().drops()).containsKey("NAT_FULL");
      out.replies.clear();
      return;
    }
    byte[] sent = out.onlyTun();
    Packets.assertChecksums(sent);
    long mapped = Ip.srcLo(ByteBuffer.wrap(sent), 0);
    if (known == null) {
      known = new Known();
      known.mappedLo = mapped;
      model.put(talk, known);
      for (Map.Entry<Talk, Known> other : model.entrySet()) {
        boolean same =
            other.getKey().clientPort == talk.clientPort && other.getKey().inner == talk.inner;
        assertThat(other.getValue().mappedLo == mapped).as("%s", other.getKey()).isEqualTo(same);
      }
    }
    assertThat(mapped).isEqualTo(known.mappedLo);
    known.untilNs = now + idle(known) * SECOND;
  }

  private static void inbound(
      Gen gen, ExitEngine engine, RecordingEffects out, Map<Talk, Known> model, long now) {
    Talk talk = gen.pick(new ArrayList<>(model.keySet()));
    Known known = model.get(talk);
    FlowKey back = talk.key().reverse();
    byte[] payload = gen.bytes(gen.below(30));
    ByteBuffer expected = Packets.udp(back, payload);
    boolean stranger = gen.chance(0.2);
    FlowKey wire = talk.key().reverse();
    wire.dstLo = known == null ? 0 : known.mappedLo;
    if (stranger) {
      wire.ports ^= 0x100_0000; // another port of the same server
    }
    engine.onTun(Packets.burst(Packets.udp(wire, payload)), now, out);
    if (stranger) {
      assertThat(out.toClient).isEmpty();
      return;
    }
    RecordingEffects.ToClient got = out.onlyClient();
    assertThat(got.endpoint()).isEqualTo("192.0.2.1:" + talk.clientPort);
    assertThat(ByteBuffer.wrap(got.packet())).isEqualTo(expected);
    if (known != null) {
      known.answered = true;
      known.untilNs = now + idle(known) * SECOND;
    }
  }

  private static long idle(Known known) {
    return known.answered ? UDP_ANSWERED_IDLE_SECONDS : UDP_IDLE_SECONDS;
  }
}
