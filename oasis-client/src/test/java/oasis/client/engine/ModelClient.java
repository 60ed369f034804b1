// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import oasis.packet.DropReason;
import oasis.packet.Prefix;
import oasis.packet.Tcp;
import oasis.rules.Otherwise;
import org.jspecify.annotations.Nullable;

/**
 * The client as a simple, slow reference: lists that are walked, text that is compared. It says
 * where each packet may go; time-outs and verdicts on carriers it learns from the engine and only
 * judges ({@link ModelRun}).
 */
final class ModelClient {
  static final int UNDERLAY = 0;

  /** The carrier of a flow whose overlay was removed. */
  static final int REMOVED = -1;

  private static final int NONE = -2;
  private static final int BLOCKED = -3;

  final Map<ModelKey, ModelFlow> flows = new LinkedHashMap<>();
  final Map<Family, ModelPool> pools = new EnumMap<>(Family.class);
  final List<Carrier> carriers = new ArrayList<>();
  List<ModelRules.One> rules = List.of();
  boolean mediated;
  private final int maxFlows;
  private final boolean underlayIpv6;

  /** A carrier, there or not. */
  static final class Carrier {
    final String name;
    final int mtu;

    /** The engine's index, or {@link #REMOVED}. */
    int index = REMOVED;

    CarrierState state = CarrierState.UNKNOWN;
    long out;
    long in;

    Carrier(String name, int mtu) {
      this.name = name;
      this.mtu = mtu;
    }

    boolean exists() {
      return index != REMOVED;
    }

    boolean fits(Family family) {
      return family.v4() || mtu >= 1_280;
    }
  }

  /**
   * What becomes of a packet of a program.
   *
   * @param flow that carries it, or would if there is room
   * @param refused why it is refused, or null
   * @param full the table is full: either another flow goes or this one is refused
   */
  record Verdict(@Nullable ModelFlow flow, @Nullable DropReason refused, boolean full) {
    static Verdict refused(DropReason why) {
      return new Verdict(null, why, false);
    }
  }

  ModelClient(int maxFlows, boolean underlayIpv6, Prefix range4, Prefix range6, int fakes) {
    this.maxFlows = maxFlows;
    this.underlayIpv6 = underlayIpv6;
    pools.put(Family.V4, new ModelPool(range4, fakes));
    pools.put(Family.V6, new ModelPool(range6, fakes));
  }

  ModelPool pool(Family family) {
    ModelPool pool = pools.get(family);
    if (pool == null) {
      throw new IllegalStateException("no pool of " + family);
    }
    return pool;
  }

  boolean isFake(String address) {
    return pool(Family.V4).inRange(address) || pool(Family.V6).inRange(address);
  }

  @Nullable Carrier carrier(int index) {
    return carriers.stream().filter(c -> c.exists() && c.index == index).findFirst().orElse(null);
  }

  // ------------------------------------------------------------------------ names

  /** Whether some rule is about the name. */
  boolean concerns(String name) {
    return rules.stream().anyMatch(rule -> rule.name().test(name));
  }

  /** Whether the name is answered as the server does: its traffic is the underlay's. */
  boolean isGenuine(String name) {
    return !isKept(name, Family.V4);
  }

  /** Whether addresses of the family get fakes. */
  boolean hasFakes(String name, Family family) {
    return family.v4() || underlayIpv6 || isKept(name, Family.V6);
  }

  /** Whether some rule keeps the name from the underlay now. */
  private boolean isKept(String name, Family family) {
    int carrier = decide(rule -> rule.name().test(name), family);
    return carrier != UNDERLAY && carrier != NONE;
  }

  private int decide(Predicate<ModelRules.One> matches, Family family) {
    for (ModelRules.One rule : rules) {
      if (matches.test(rule)) {
        int carrier = mediated ? UNDERLAY : serving(rule.overlay(), family);
        if (carrier != NONE) {
          return carrier;
        }
        if (rule.otherwise() != Otherwise.NEXT) {
          return rule.otherwise() == Otherwise.BLOCK ? BLOCKED : UNDERLAY;
        }
      }
    }
    return NONE;
  }

  private int serving(String overlay, Family family) {
    for (Carrier carrier : carriers) {
      if (carrier.name.equals(overlay)
          && carrier.exists()
          && carrier.state == CarrierState.ALIVE
          && carrier.fits(family)) {
        return carrier.index;
      }
    }
    return NONE;
  }

  // ------------------------------------------------------------------------ flows

  /** A program sends a packet. */
  Verdict outbound(ModelKey key, int flags, long nowNs) {
    ModelFlow known = flows.get(key);
    if (known != null) {
      boolean again = known.closed() && key.tcp() && Tcp.isFirst(flags);
      if (!again && usable(known.carrier) && !isLost(known)) {
        return new Verdict(known, null, false);
      }
      forget(known, nowNs, nowNs);
      if (!again && key.tcp()) {
        return Verdict.refused(DropReason.NO_CARRIER);
      }
    }
    return begin(key, flags, nowNs);
  }

  private boolean usable(int carrier) {
    Carrier c = carrier(carrier);
    return carrier == UNDERLAY || c != null && c.state != CarrierState.DEAD;
  }

  /** A datagram that was never answered does not wait until its carrier is dead. */
  private boolean isLost(ModelFlow flow) {
    Carrier c = carrier(flow.carrier);
    return flow.in == 0 && !flow.key.tcp() && c != null && c.state == CarrierState.SUSPECT;
  }

  private Verdict begin(ModelKey key, int flags, long nowNs) {
    ModelPool.Fake fake = pool(key.family()).at(key.dst());
    if (fake == null && isFake(key.dst())) {
      return Verdict.refused(DropReason.UNKNOWN_FAKE);
    }
    if (key.tcp() && !Tcp.isFirst(flags)) {
      return Verdict.refused(DropReason.NO_FLOW);
    }
    String real = fake == null ? key.dst() : fake.real;
    int carrier = fake == null ? NONE : decide(rule -> rule.name().test(fake.name), key.family());
    if (carrier == NONE) {
      carrier = decide(rule -> rule.header().test(key.to(real)), key.family());
    }
    carrier = carrier == NONE ? UNDERLAY : carrier;
    if (carrier == BLOCKED) {
      return Verdict.refused(DropReason.NO_CARRIER);
    }
    if (carrier == UNDERLAY && !key.family().v4() && !underlayIpv6) {
      return Verdict.refused(DropReason.NO_IPV6);
    }
    ModelFlow other = sameOnWire(key, real);
    if (other != null) {
      if (!other.closed() && other.in > 0) {
        return Verdict.refused(DropReason.FLOW_LIMIT);
      }
      forget(other, nowNs, nowNs);
    }
    ModelFlow flow = new ModelFlow(key, real, fake, carrier, nowNs);
    if (flows.size() == maxFlows) {
      return new Verdict(flow, null, true);
    }
    add(flow, nowNs);
    return new Verdict(flow, null, false);
  }

  /** A flow whose answers would look the same. */
  private @Nullable ModelFlow sameOnWire(ModelKey key, String real) {
    ModelKey wire = key.to(real);
    return flows.values().stream()
        .filter(flow -> flow.key.to(flow.real).equals(wire))
        .findFirst()
        .orElse(null);
  }

  void add(ModelFlow flow, long nowNs) {
    flows.put(flow.key, flow);
    if (flow.fake != null) {
      flow.fake.holds++;
      flow.fake.used(nowNs, nowNs);
    }
  }

  /** A flow ended at some moment from {@code fromNs} to {@code toNs}. */
  void forget(ModelFlow flow, long fromNs, long toNs) {
    flows.remove(flow.key);
    if (flow.fake != null) {
      flow.fake.holds--;
      flow.fake.used(fromNs, toNs);
    }
  }

  /** Connections by a carrier that nobody has answered yet, the newest first. */
  List<ModelFlow> attempts(int carrier, long nowNs) {
    List<ModelFlow> attempts = new ArrayList<>();
    for (ModelFlow flow : flows.values()) {
      if (flow.carrier == carrier && flow.isAttempt(nowNs)) {
        attempts.add(0, flow);
      }
    }
    return attempts;
  }

  /** TCP connections that the death of a carrier ends. */
  List<ModelFlow> connections(int carrier) {
    return flows.values().stream()
        .filter(flow -> flow.carrier == carrier && flow.key.tcp() && !flow.closed())
        .toList();
  }

  int held() {
    return pools.values().stream().mapToInt(ModelPool::held).sum();
  }
}
