// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import oasis.client.engine.ModelClient.Carrier;
import oasis.client.engine.ModelClient.Verdict;
import oasis.client.engine.ModelEngine.Sent;
import oasis.packet.Burst;
import oasis.packet.Icmp;
import oasis.packet.Tcp;
import oasis.testkit.Packets;

/**
 * Compares what an engine did with what the model says: where packets went, and afterwards all
 * flows, fakes, carriers and counters.
 */
final class ModelJudge {
  private static final long SECOND_NS = EngineRig.SECOND_NS;

  private final ModelRun run;
  private final ModelClient model;
  long tunPkts;
  long queries;
  long exhausted;
  long dropped;

  /** Connections that must have been reset by the next comparison. */
  private final List<ModelFlow> ending = new ArrayList<>();

  private final List<Sent> unasked = new ArrayList<>();

  ModelJudge(ModelRun run) {
    this.run = run;
    model = run.model;
  }

  void restarted() {
    tunPkts = 0;
    queries = 0;
    exhausted = 0;
    dropped = 0;
  }

  private long now() {
    return run.now();
  }

  // ---------------------------------------------------------------------- packets

  /** The key of the only packet that went out, which must have gone there. */
  ModelKey only(List<Sent> sent, String to) {
    assertThat(sent).extracting(Sent::to).containsExactly(to);
    return ModelKey.of(EngineRig.keyOf(sent.get(0).packet()));
  }

  /** Judges what became of a program's packet; whether it was carried. */
  boolean settle(ModelKey key, int flags, Verdict verdict) {
    return settle(key, flags, verdict, run.real.sent());
  }

  private boolean settle(ModelKey key, int flags, Verdict verdict, List<Sent> sent) {
    ModelFlow flow = verdict.flow();
    if (flow == null || verdict.full() && !madeRoom(flow)) {
      refused(key, flags, sent);
      run.count(flow == null ? "refused " + verdict.refused() : "full");
      return false;
    }
    boolean doubtful = flow.wire != null && translatorMayHaveForgotten(flow, 200);
    flow.sent(flags, ModelRun.ACK, now());
    if (doubtful && (sent.isEmpty() || sent.get(0).to().equals("tun"))) {
      refused(key, flags, sent);
      return false;
    }
    carried(flow, sent);
    return true;
  }

  /** Only a flow of no more use makes room for another one. */
  private boolean madeRoom(ModelFlow added) {
    Map<String, FlowInfo> listed = listed();
    if (!listed.containsKey(added.key.listed())) {
      return false;
    }
    List<ModelFlow> gone =
        model.flows.values().stream()
            .filter(flow -> !listed.containsKey(flow.key.listed()))
            .toList();
    assertThat(gone).as("flows that made room").hasSize(1);
    assertThat(gone.get(0).dispensable(now())).as("%s was of use", gone.get(0)).isTrue();
    model.forget(gone.get(0), now(), now());
    model.add(added, now());
    run.count("made room");
    return true;
  }

  /** The program is told at once; nobody answers a reset. */
  private void refused(ModelKey key, int flags, List<Sent> sent) {
    dropped++;
    if (key.tcp() && (flags & Tcp.RST) != 0) {
      assertThat(sent).isEmpty();
      return;
    }
    assertThat(sent).as("refusal of %s", key).extracting(Sent::to).containsExactly("tun");
    Burst burst = Packets.burst(Packets.direct(sent.get(0).packet()));
    if (key.tcp()) {
      assertThat(Tcp.flags(burst) & Tcp.RST).as("a reset").isNotZero();
      assertThat(only(sent, "tun")).isEqualTo(key.reverse());
    } else {
      assertThat(Icmp.isError(burst)).as("an error").isTrue();
    }
  }

  private void carried(ModelFlow flow, List<Sent> sent) {
    ModelKey key = flow.key;
    ModelKey expected = key.to(flow.real);
    boolean underlay = flow.carrier == ModelClient.UNDERLAY;
    ModelKey wire = only(sent, underlay ? "underlay" : "carrier " + flow.carrier);
    if (underlay) {
      assertThat(wire.src()).as("source").isEqualTo(key.family().host);
      assertThat(wire.dst()).as("destination").isEqualTo(flow.real);
      assertThat(wire.sport()).as("translated port").isBetween(61_000, 64_999);
      assertThat(wire.dport()).isEqualTo(key.echo() ? wire.sport() : key.dport());
    } else {
      assertThat(wire).isEqualTo(expected);
    }
    flow.wire = wire;
    flow.wireNs = now();
    Carrier carrier = model.carrier(flow.carrier);
    if (carrier != null) {
      carrier.out++;
      run.count("by " + carrier.name);
    }
  }

  /** The translator of the underlay has time-outs of its own, which its own tests are about. */
  boolean translatorMayHaveForgotten(ModelFlow flow, int afterSeconds) {
    return flow.carrier == ModelClient.UNDERLAY
        && (flow.closed() || now() - flow.wireNs > afterSeconds * SECOND_NS);
  }

  /** A packet came by a carrier. */
  void received(int index) {
    Carrier carrier = model.carrier(index);
    if (carrier != null) {
      carrier.in++;
      if (index != ModelClient.UNDERLAY) {
        heard(carrier, false);
      }
    }
  }

  /** A carrier showed that it lives; what that is worth to one that was silent is its matter. */
  void heard(Carrier carrier, boolean probeAnswer) {
    for (CarrierInfo one : run.real.engine.info(now()).carriers()) {
      if (one.index() == carrier.index && one.state() != carrier.state) {
        assertThat(one.state()).isEqualTo(CarrierState.ALIVE);
        assertThat(probeAnswer || carrier.state != CarrierState.DEAD)
            .as("by the answer to a probe only")
            .isTrue();
        carrier.state = CarrierState.ALIVE;
      }
    }
  }

  /** Compares all of it if the engine thinks otherwise of a carrier than before. */
  void news() {
    for (CarrierInfo one : run.real.engine.info(now()).carriers()) {
      Carrier carrier = model.carrier(one.index());
      if (carrier != null && carrier.state != one.state()) {
        compare(true);
        return;
      }
    }
  }

  /**
   * The engine has found out about a carrier: connections that it may have swallowed begin again,
   * the others end when it is dead.
   */
  void becomes(Carrier carrier, CarrierState state) {
    if (carrier.state == state) {
      return;
    }
    carrier.state = state;
    if (state == CarrierState.SUSPECT || state == CarrierState.DEAD) {
      for (ModelFlow flow : model.attempts(carrier.index, now())) {
        model.forget(flow, now(), now());
        Verdict verdict = model.outbound(flow.key, Tcp.SYN, now());
        boolean carried = verdict.flow() != null;
        Sent first =
            unasked().stream()
                .filter(sent -> sent.to().equals("tun") != carried)
                .findFirst()
                .orElseThrow(() -> new AssertionError("not sent again: " + flow));
        unasked.remove(first);
        if (settle(flow.key, Tcp.SYN, verdict, List.of(first)) && verdict.flow() != null) {
          verdict.flow().repeated = true;
          run.count("sent again");
        }
      }
    }
    if (state == CarrierState.DEAD) {
      mustEnd(carrier);
      run.count("died");
    }
  }

  /** What was sent without being asked for, and has not been explained yet. */
  private List<Sent> unasked() {
    unasked.addAll(run.real.sent());
    return unasked;
  }

  /** The carrier's connections end now. */
  void mustEnd(Carrier carrier) {
    ending.addAll(model.connections(carrier.index));
  }

  // ------------------------------------------------------------------------ state

  /**
   * Compares all of it.
   *
   * @param timer whether the engine was told the time, so that flows may be over and carriers dead
   */
  void compare(boolean timer) {
    EngineInfo info = run.real.engine.info(now());
    carriers(info, timer);
    resets(timer);
    flows(timer);
    fakes();
    assertThat(info.flows()).as("flows").isEqualTo(model.flows.size());
    assertThat(info.fakesHeld()).as("held fakes").isEqualTo(model.held());
    assertThat(info.fakesExhausted()).as("exhausted").isEqualTo(exhausted);
    assertThat(info.tunPkts()).as("packets of programs").isEqualTo(tunPkts);
    assertThat(info.dnsQueries()).as("queries").isEqualTo(queries);
    assertThat(info.drops().values().stream().mapToLong(n -> n).sum())
        .as("drops %s", info.drops())
        .isEqualTo(dropped);
  }

  private void carriers(EngineInfo info, boolean timer) {
    assertThat(info.carriers())
        .hasSize((int) model.carriers.stream().filter(Carrier::exists).count());
    for (CarrierInfo one : info.carriers()) {
      Carrier carrier = model.carrier(one.index());
      if (carrier == null) {
        throw new AssertionError("no such carrier: " + one);
      }
      if (one.state() != carrier.state) {
        assertThat(timer).as("%s from %s to %s", carrier.name, carrier.state, one.state()).isTrue();
        becomes(carrier, one.state());
      }
    }
    for (CarrierInfo one : info.carriers()) {
      Carrier carrier = model.carrier(one.index());
      if (carrier == null) {
        throw new AssertionError("no such carrier: " + one);
      }
      assertThat(one.name()).isEqualTo(carrier.name);
      assertThat(one.outPkts()).as("packets to %s", carrier.name).isEqualTo(carrier.out);
      assertThat(one.inPkts()).as("packets from %s", carrier.name).isEqualTo(carrier.in);
    }
  }

  /** What went to programs without their asking are resets of connections whose carrier died. */
  private void resets(boolean timer) {
    for (Sent sent : unasked()) {
      ModelKey key = only(List.of(sent), "tun");
      Burst burst = Packets.burst(Packets.direct(sent.packet()));
      assertThat(key.tcp() && (Tcp.flags(burst) & Tcp.RST) != 0).as("only resets").isTrue();
      ModelFlow flow =
          ending.stream().filter(f -> f.key.reverse().equals(key)).findFirst().orElse(null);
      if (flow == null) {
        throw new AssertionError("reset of a connection that goes on: " + key);
      }
      ending.remove(flow);
      assertThat(Tcp.seq(burst.buffer(), burst.transport())).isEqualTo(flow.lastAck);
      flow.end();
      run.count("reset");
    }
    unasked.clear();
    assertThat(ending).as("connections not reset").allMatch(f -> timer && f.dueNs() <= now());
    ending.clear();
  }

  private Map<String, FlowInfo> listed() {
    Map<String, FlowInfo> listed = new HashMap<>();
    for (FlowInfo info : run.real.engine.flows(Integer.MAX_VALUE, now())) {
      listed.put(info.protocol() + " " + info.program() + " " + info.seen(), info);
    }
    return listed;
  }

  private void flows(boolean timer) {
    Map<String, FlowInfo> listed = listed();
    for (ModelFlow flow : List.copyOf(model.flows.values())) {
      FlowInfo info = listed.remove(flow.key.listed());
      if (info == null) {
        assertThat(timer && flow.dueNs() <= now()).as("gone too early: %s", flow).isTrue();
        model.forget(flow, flow.dueNs(), now());
        run.count("timed out");
      } else {
        assertThat(!timer || flow.dueNs() > now()).as("should be gone: %s", flow).isTrue();
        flow(flow, info);
      }
    }
    assertThat(listed.keySet()).as("flows that should not be").isEmpty();
  }

  private void flow(ModelFlow flow, FlowInfo info) {
    Carrier carrier = model.carrier(flow.carrier);
    assertThat(info.carrier()).isEqualTo(carrier == null ? "removed" : carrier.name);
    assertThat(info.destination()).isEqualTo(ModelKey.endpoint(flow.real, flow.key.dport()));
    assertThat(info.name()).isEqualTo(flow.fake == null ? null : flow.fake.name);
    assertThat(info.outPkts()).as("sent by %s", flow).isEqualTo(flow.out);
    assertThat(info.inPkts()).as("got by %s", flow).isEqualTo(flow.in);
  }

  private void fakes() {
    Set<String> real =
        run.real.engine.fakes(Integer.MAX_VALUE).stream()
            .map(f -> String.join(" ", f.fake(), f.name(), f.real(), "held by " + f.flows()))
            .collect(Collectors.toSet());
    Set<String> expected =
        model.pools.values().stream()
            .flatMap(pool -> pool.all().stream())
            .map(f -> String.join(" ", f.address, f.name, f.real, "held by " + f.holds))
            .collect(Collectors.toSet());
    assertThat(real).as("fakes").isEqualTo(expected);
  }

  /** What passing time must have made of carriers. */
  void verdicts(List<CarrierState> before, long millis, int answering) {
    for (int i = 0; i < 3; i++) {
      Carrier carrier = model.carriers.get(1 + i);
      boolean asked =
          carrier.exists()
              && model.rules.stream().anyMatch(rule -> rule.overlay().equals(carrier.name));
      boolean answers = (answering >> i & 1) != 0;
      if (asked && answers && before.get(1 + i) == CarrierState.ALIVE) {
        assertThat(carrier.state).as(carrier.name).isNotEqualTo(CarrierState.DEAD);
      }
      if (asked && millis >= 3_000 && answers) {
        assertThat(carrier.state).as(carrier.name).isEqualTo(CarrierState.ALIVE);
      }
      if (asked && millis >= 12_000 && !answers) {
        assertThat(carrier.state).as(carrier.name).isEqualTo(CarrierState.DEAD);
      }
    }
  }
}
