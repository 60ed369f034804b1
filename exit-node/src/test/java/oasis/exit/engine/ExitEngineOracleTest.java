// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import oasis.packet.Address;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/** The engine against a plain map of who talks to whom, with many clients and little room. */
class ExitEngineOracleTest {
  private static final Address CLIENT = Address.parse("192.0.2.1");
  private static final long SECOND = 1_000_000_000L;
  private static final int UDP_IDLE_SECONDS = 120;
  private static final int UDP_ANSWERED_IDLE_SECONDS = 300;

  /** One UDP flow as the client sees it. */
  private record Talk(int clientPort, int inner, int sport, int server) {
    FlowKey key(World world) {
      return Packets.key(Ip.UDP, world.inner(inner), sport, world.server(server), 4000 + server);
    }

    boolean is(FlowInfo flow, World world) {
      FlowKey key = key(world);
      return flow.client().equals("192.0.2.1:" + clientPort)
          && flow.source().equals(Snapshots.endpoint(key.srcHi, key.srcLo, key.sport()))
          && flow.destination().equals(Snapshots.endpoint(key.dstHi, key.dstLo, key.dport()));
    }
  }

  /** What the model knows of it. */
  private static final class Known {
    int number;
    long mappedLo;
    int mappedPort;
    long untilNs;
    boolean answered;
  }

  private int begun;
  private int yielded;
  private World world = World.KERNEL4;
  private RecordingEffects out = new RecordingEffects();
  private ExitEngine engine = engine(1);

  private ExitEngine engine(long seed) {
    return world.engine(new ExitLimits(20, 3, 30, 6, 1000), List.of(), seed, out);
  }

  @Test
  void everyPacketGoesWhereTheModelSays() {
    Gen.cases(
        120,
        gen -> {
          world = gen.pick(List.of(World.values()));
          out = new RecordingEffects();
          engine = engine(gen.anyLong());
          run(gen);
        });
    assertThat(yielded).as("flows that gave way").isGreaterThan(100);
  }

  private void run(Gen gen) {
    Map<Talk, Known> model = new HashMap<>();
    long now = gen.anyLong() >> 2;
    for (int step = 0; step < 600; step++) {
      now += gen.range(0, gen.chance(0.05) ? 200 * SECOND : SECOND);
      while (engine.nextDeadlineNs() <= now) {
        engine.onDue(now);
      }
      long time = now;
      model.values().removeIf(known -> known.untilNs - time <= 0);
      assertThat(engine.view().info().flows()).isEqualTo(model.size());
      if (gen.chance(0.6) || model.isEmpty()) {
        outbound(gen, model, now);
      } else {
        inbound(gen, model, now);
      }
    }
  }

  private void outbound(Gen gen, Map<Talk, Known> model, long now) {
    Talk talk = new Talk(gen.range(1, 8), gen.range(1, 4), gen.range(1, 3), gen.range(1, 2));
    ByteBuffer packet = Packets.udp(talk.key(world), gen.bytes(gen.below(30)));
    engine.onClient(Packets.burst(packet), CLIENT.hi(), CLIENT.lo(), talk.clientPort, now);
    Known known = model.get(talk);
    long live = model.keySet().stream().filter(t -> t.clientPort == talk.clientPort).count();
    boolean full = known == null && live < 6 && model.size() >= 30;
    boolean yields = full && most(model) >= pending(model, talk.clientPort).size() + 2;
    if (known == null && live >= 6 || full && !yields) {
      assertThat(out.toUnderlay).isEmpty();
      out.replies.clear();
      return;
    }
    if (out.toUnderlay.isEmpty()) {
      // Only a new inner address beyond the client's three may be refused.
      assertThat(known).isNull();
      assertThat(engine.view().info().drops()).containsKey("FORBIDDEN_SOURCE");
      out.replies.clear();
      return;
    }
    if (yields) {
      giveUp(model);
    }
    byte[] sent = out.onlySent();
    Packets.assertChecksums(sent);
    FlowKey key = new FlowKey().of(Packets.burst(Packets.direct(sent)));
    long mapped = key.srcLo;
    if (known == null) {
      known = new Known();
      known.number = ++begun;
      known.mappedLo = mapped;
      model.put(talk, known);
      known.mappedPort = key.sport();
      for (Map.Entry<Talk, Known> other : model.entrySet()) {
        assertThat(isOneMapping(other, talk, known)).as("%s", other.getKey()).isTrue();
      }
    }
    assertThat(mapped).isEqualTo(known.mappedLo);
    assertThat(key.sport()).isEqualTo(known.mappedPort);
    known.untilNs = now + idle(known) * SECOND;
  }

  /** Flows of a client that nobody has answered, the oldest first. */
  private static List<Talk> pending(Map<Talk, Known> model, int clientPort) {
    return model.entrySet().stream()
        .filter(each -> each.getKey().clientPort == clientPort && !each.getValue().answered)
        .sorted(Comparator.comparingInt(each -> each.getValue().number))
        .map(Map.Entry::getKey)
        .toList();
  }

  private static int most(Map<Talk, Known> model) {
    return IntStream.rangeClosed(1, 8).map(port -> pending(model, port).size()).max().orElse(0);
  }

  /** The flow that gave way last was the oldest pending one of a client with most of them. */
  private void giveUp(Map<Talk, Known> model) {
    assertThat(out.ended).last().isEqualTo("udp YIELDED");
    FlowInfo gone = out.endedFlows.get(out.endedFlows.size() - 1);
    Talk talk = model.keySet().stream().filter(t -> t.is(gone, world)).findFirst().orElseThrow();
    List<Talk> own = pending(model, talk.clientPort);
    assertThat(own).hasSize(most(model)).first().isEqualTo(talk);
    model.remove(talk);
    yielded++;
  }

  /** Whether two flows share a mapping exactly when their inner ends are the same. */
  private boolean isOneMapping(Map.Entry<Talk, Known> other, Talk talk, Known known) {
    boolean host =
        other.getKey().clientPort == talk.clientPort && other.getKey().inner == talk.inner;
    boolean address = other.getValue().mappedLo == known.mappedLo;
    if (!world.raw()) {
      return address == host && known.mappedPort == talk.sport;
    }
    boolean end = host && other.getKey().sport == talk.sport;
    return address && (other.getValue().mappedPort == known.mappedPort) == end;
  }

  private void inbound(Gen gen, Map<Talk, Known> model, long now) {
    Talk talk = gen.pick(new ArrayList<>(model.keySet()));
    Known known = model.get(talk);
    FlowKey back = talk.key(world).reverse();
    byte[] payload = gen.bytes(gen.below(30));
    ByteBuffer expected = Packets.udp(back, payload);
    boolean stranger = gen.chance(0.2);
    FlowKey wire = talk.key(world).reverse();
    if (known != null) {
      wire.set(
          wire.srcHi,
          wire.srcLo,
          world.outside().hi(),
          known.mappedLo,
          Ip.UDP,
          wire.sport(),
          known.mappedPort);
    }
    if (stranger) {
      wire.ports ^= 0x100_0000; // another port of the same server
    }
    engine.onUnderlay(Packets.burst(Packets.udp(wire, payload)), now);
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
