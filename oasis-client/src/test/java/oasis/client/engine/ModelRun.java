// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import oasis.client.engine.ModelClient.Carrier;
import oasis.client.engine.ModelClient.Verdict;
import oasis.client.engine.ModelEngine.Sent;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.rules.Rule;
import oasis.rules.RuleException;
import oasis.rules.RuleSet;
import oasis.testkit.Packets;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Section;

/** Lets the same things happen to a real engine and to {@link ModelClient}, and compares them. */
final class ModelRun {
  static final int ACK = 9;
  private static final long STEP_NS = 7_000_000;
  private static final List<String> NAMES =
      List.of(
          "a.example.org",
          "b.example.org",
          "c.example.org",
          "a.example.net",
          "b.example.net",
          "c.example.net");
  private static final int[] PORTS = {80, 443, 9_000, 9_075, 9_150};

  final boolean underlayIpv6;
  final ModelClient model;
  final ModelJudge judge;
  ModelEngine real;

  /** How often what happened, so that a test can tell that all of it did. */
  final Map<String, Integer> happened = new LinkedHashMap<>();

  ModelRun(long seed) {
    underlayIpv6 = (seed & 1) == 0;
    model =
        new ModelClient(
            ModelEngine.MAX_FLOWS,
            underlayIpv6,
            ModelEngine.RANGE4,
            ModelEngine.RANGE6,
            ModelEngine.FAKES);
    Carrier underlay = new Carrier("underlay", 1_400);
    underlay.index = ModelClient.UNDERLAY;
    underlay.state = CarrierState.ALIVE;
    model.carriers.add(underlay);
    model.carriers.add(new Carrier("ron", 1_400));
    model.carriers.add(new Carrier("detour", 1_300));
    model.carriers.add(new Carrier("narrow", 1_200));
    real = new ModelEngine(underlayIpv6);
    judge = new ModelJudge(this);
    for (int i = 0; i < 3; i++) {
      join(i);
    }
  }

  /** Lets all of it happen; what went wrong, or null. */
  static @Nullable Throwable failure(List<ModelAction> actions, long seed) {
    return failure(actions, new ModelRun(seed));
  }

  static @Nullable Throwable failure(List<ModelAction> actions, ModelRun run) {
    int i = 0;
    try {
      for (; i < actions.size(); i++) {
        run.real.nowNs += STEP_NS;
        actions.get(i).happen(run);
      }
      return null;
    } catch (RuntimeException | AssertionError e) {
      return new AssertionError("action " + i + ": " + e, e);
    }
  }

  long now() {
    return real.nowNs;
  }

  void count(String what) {
    happened.merge(what, 1, Integer::sum);
  }

  // ---------------------------------------------------------------------- packets

  ModelKey key(Family family, int kind, int port, int dport, boolean toFake, int target) {
    int protocol = kind < 2 ? Ip.TCP : kind < 4 ? Ip.UDP : family.icmp();
    int sport = 10_000 + port;
    String to = real(family, target);
    if (toFake) {
      List<ModelPool.Fake> fakes = model.pool(family).all();
      boolean unknown = fakes.isEmpty() || target == 29;
      to = unknown ? unknownFake(family) : fakes.get(target % fakes.size()).address;
    }
    return new ModelKey(
        protocol,
        toFake ? family.tun : family.host,
        sport,
        to,
        protocol == family.icmp() ? sport : PORTS[dport]);
  }

  static String real(Family family, int number) {
    return (family.v4() ? "203.0.113." : "2001:db8:1::") + (80 + number % 3);
  }

  /** The last address of the range is never given out. */
  private static String unknownFake(Family family) {
    return family.v4() ? "198.18.0.7" : "fdc6:1200:4710::7";
  }

  /** A flow other than one of DNS queries, or null without any. */
  @Nullable ModelFlow flow(int number) {
    List<ModelFlow> flows =
        model.flows.values().stream().filter(flow -> flow.key.dport() != 53).toList();
    return flows.isEmpty() ? null : flows.get(number % flows.size());
  }

  static ByteBuffer packet(ModelKey key, int flags, boolean outbound) {
    if (key.tcp()) {
      int bytes = (flags & Tcp.SYN) != 0 ? 0 : 10;
      return Packets.tcp(key.packet(), flags, 7, (flags & Tcp.ACK) != 0 ? ACK : 0, new byte[bytes]);
    }
    return key.echo()
        ? Packets.echo(key.packet(), outbound, 1)
        : Packets.udp(key.packet(), new byte[10]);
  }

  void send(ModelKey key, int flags) {
    send(key, key.tcp() ? flags : 0, packet(key, flags, true));
    judge.compare(false);
  }

  private boolean send(ModelKey key, int flags, ByteBuffer packet) {
    ModelFlow before = model.flows.get(key);
    int pinned = before == null ? ModelClient.REMOVED : before.carrier;
    Verdict verdict = model.outbound(key, flags, now());
    judge.tunPkts++;
    real.fromProgram(packet);
    boolean carried = judge.settle(key, flags, verdict);
    ModelFlow after = model.flows.get(key);
    if (carried && after != null && before == after && pinned != after.carrier) {
      throw new AssertionError("the flow moved: " + after);
    }
    return carried;
  }

  /** The network answers a flow, by the carrier that it has. */
  void answer(ModelFlow flow, int flags) {
    ModelKey wire = flow.wire;
    if (wire == null || flow.carrier == ModelClient.REMOVED) {
      return;
    }
    boolean doubtful = judge.translatorMayHaveForgotten(flow, 20);
    real.fromNetwork(flow.carrier, packet(wire.reverse(), flags, false));
    List<Sent> sent = real.sent();
    if (sent.isEmpty() && doubtful) {
      judge.dropped++;
    } else {
      judge.received(flow.carrier);
      assertThat(judge.only(sent, "tun")).as("what the program gets").isEqualTo(flow.key.reverse());
      flow.got(flags, now());
      count("answered");
    }
    judge.compare(false);
  }

  // ------------------------------------------------------------------------ names

  void resolve(int number, Family family, int address, Family by) {
    String name = NAMES.get(number);
    String genuine = real(family, address);
    ModelKey query = new ModelKey(Ip.UDP, by.host, 53_000 + number, by.resolver, 53);
    judge.queries++;
    // What is asked is told by the question alone, which an answer repeats.
    byte[] answer = EngineRig.answer(name, family.type(), 0, genuine);
    byte[] question = EngineRig.answer(name, family.type(), 0);
    question[2] &= 0x7f;
    boolean carried = send(query, 0, Packets.udp(query.packet(), question));
    ModelFlow flow = model.flows.get(query);
    if (carried && flow != null && flow.wire != null) {
      real.fromNetwork(flow.carrier, Packets.udp(flow.wire.reverse().packet(), answer));
      judge.received(flow.carrier);
      List<Sent> sent = real.sent();
      assertThat(judge.only(sent, "tun")).isEqualTo(query.reverse());
      flow.got(0, now());
      told(name, family, genuine, answer, EngineRig.payload(sent.get(0).packet()));
    }
    judge.compare(false);
  }

  private void told(String name, Family family, String genuine, byte[] answer, byte[] payload) {
    List<String> addresses =
        EngineRig.message(payload).getSection(Section.ANSWER).stream()
            .filter(record -> record.getType() == family.type())
            .map(EngineRig::addressOf)
            .toList();
    ModelPool pool = model.pool(family);
    if (!model.concerns(name)) {
      assertThat(payload).as("the server's answer").isEqualTo(answer);
    } else if (model.isGenuine(name)) {
      assertThat(addresses).as("the server's addresses").containsExactly(genuine);
    } else if (!model.hasFakes(name, family)) {
      assertThat(addresses).as("nothing carries IPv6 to %s", name).isEmpty();
    } else if (addresses.equals(family.v4() ? List.of(genuine) : List.of())) {
      pool.refused(name, genuine, now());
      judge.exhausted++;
      count("exhausted");
    } else {
      assertThat(addresses).hasSize(1);
      int reused = pool.reused;
      pool.given(addresses.get(0), name, genuine, now());
      count(pool.reused > reused ? "reused" : "faked");
    }
  }

  // --------------------------------------------------------------------- changes

  private Carrier overlay(int number) {
    return model.carriers.get(1 + number);
  }

  void rules(List<ModelRules.One> rules) {
    model.rules = rules;
    loadRules();
    judge.compare(true);
  }

  private void loadRules() {
    List<Rule> parsed = new ArrayList<>();
    int[] carriers = new int[model.rules.size()];
    for (int i = 0; i < carriers.length; i++) {
      ModelRules.One rule = model.rules.get(i);
      try {
        parsed.add(Rule.parse(rule.text()));
      } catch (RuleException e) {
        throw new AssertionError(rule.text(), e);
      }
      carriers[i] = Policy.MISSING;
      for (Carrier carrier : model.carriers) {
        if (carrier.name.equals(rule.overlay())) {
          carriers[i] = carrier.index;
        }
      }
    }
    real.engine.setRules(RuleSet.compile(parsed), carriers, now());
  }

  void mediate(boolean on) {
    model.mediated = on;
    real.engine.setMediate(on);
    judge.compare(false);
  }

  void hear(int number) {
    Carrier carrier = overlay(number);
    if (carrier.exists()) {
      real.engine.onProbeAnswer(carrier.index, now());
      judge.heard(carrier, true);
      judge.compare(false);
    }
  }

  void refuse(int number) {
    Carrier carrier = overlay(number);
    if (carrier.exists()) {
      real.engine.onRefused(carrier.index, now());
      judge.becomes(carrier, CarrierState.DEAD);
      judge.compare(false);
    }
  }

  void leave(int number) {
    Carrier carrier = overlay(number);
    if (!carrier.exists()) {
      return;
    }
    judge.mustEnd(carrier);
    real.engine.removeCarrier(carrier.index);
    for (ModelFlow flow : model.flows.values()) {
      if (flow.carrier == carrier.index) {
        flow.carrier = ModelClient.REMOVED;
      }
    }
    carrier.index = ModelClient.REMOVED;
    loadRules();
    judge.compare(true);
  }

  void join(int number) {
    Carrier carrier = overlay(number);
    if (!carrier.exists()) {
      carrier.index = real.engine.addCarrier(carrier.name, carrier.mtu, now());
      carrier.state = CarrierState.UNKNOWN;
      carrier.out = 0;
      carrier.in = 0;
      loadRules();
      judge.compare(true);
    }
  }

  void pass(long millis, int answering) {
    List<CarrierState> before = model.carriers.stream().map(c -> c.state).toList();
    long end = now() + millis * 1_000_000;
    long last = Long.MIN_VALUE;
    for (long due = real.engine.nextDeadlineNs(); due <= end; ) {
      real.nowNs = Math.max(real.nowNs + (due == last ? 1_000_000 : 0), due);
      last = due;
      tick(answering);
      due = real.engine.nextDeadlineNs();
    }
    real.nowNs = end;
    tick(answering);
    judge.compare(true);
    judge.verdicts(before, millis, answering);
  }

  private void tick(int answering) {
    real.engine.onTimer(now());
    judge.news();
    for (int probed : real.probes()) {
      for (int i = 0; i < 3; i++) {
        if (overlay(i).index == probed && (answering >> i & 1) != 0) {
          real.engine.onProbeAnswer(probed, now());
        }
      }
    }
    judge.news();
  }

  void restart(int secondsBack) {
    ModelEngine next = new ModelEngine(real, underlayIpv6, now(), real.wall() - secondsBack);
    model.flows.clear();
    model.pools.values().forEach(pool -> pool.restarted(now()));
    model.mediated = false;
    real = next;
    judge.restarted();
    List<Integer> there = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      if (overlay(i).exists()) {
        there.add(i);
        overlay(i).index = ModelClient.REMOVED;
      }
    }
    model.carriers.get(0).out = 0;
    model.carriers.get(0).in = 0;
    there.forEach(this::join);
    loadRules();
    judge.compare(true);
    count("restarted");
  }
}
