// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import oasis.flow.FakePool;
import oasis.flow.NatEngine;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Icmp;
import oasis.packet.Ip;
import oasis.packet.Rewrite;
import oasis.packet.Tcp;
import oasis.rules.RuleSet;

/**
 * The client's mind: every packet that reaches the TUN device, a carrier or the underlay capture
 * goes through here. It decides the carrier of each new flow by the rules, translates fake
 * addresses, fakes DNS answers, and refuses at once what cannot be carried (paper sections 2.2.2 to
 * 2.2.4). Confined to the data loop; nothing on the path of an established flow allocates.
 */
public final class ClientEngine {
  private static final int CLIENT = 0;
  private static final int DNS_PORT = 53;

  private final EngineConfig config;
  private final Effects effects;
  private final Fakes fakes;
  private final NatEngine nat;
  private final Carriers carriers;
  private final FlowMap map;
  private final Refusals refusals;
  private final DnsFaker dns;
  private final IcmpErrors errors;
  private final Fragments fragments;
  private final long[] drops = new long[DropReason.values().length];
  private final FlowKey key = new FlowKey();
  private final FlowKey network = new FlowKey();
  private Policy policy = new Policy(RuleSet.compile(List.of()), new int[0], false);
  private long tunPkts;

  /**
   * An engine without carriers and rules.
   *
   * <p>The two pools are independent: each has a range and a journal of its own ({@code
   * fakes.journal} and {@code fakes6.journal} in the client's state directory) and is restored from
   * it before the engine is made. The IPv6 range (by default {@code fdc6:1200:4710::/112}) is to be
   * routed into the TUN device as the IPv4 one is, with an unreachable route behind it; its address
   * 1 is the device's own. A host without IPv6 passes a pool of the same kind: nothing asks for a
   * fake IPv6 address there.
   *
   * @param fakes4 fake IPv4 addresses, already restored from their journal
   * @param fakes6 fake IPv6 addresses, likewise
   * @param nat the translator of OC0; its external address may be set later
   * @param scratch memory for the packets that the engine writes itself
   */
  public ClientEngine(
      EngineConfig config,
      FakePool fakes4,
      FakePool fakes6,
      NatEngine nat,
      Scratch scratch,
      Effects effects) {
    this.config = config;
    this.effects = effects;
    fakes = new Fakes(fakes4, fakes6);
    this.nat = nat;
    carriers = new Carriers(config);
    map = new FlowMap(config.maxFlows(), config.seed());
    refusals = new Refusals(scratch, config.maxRepliesPerSecond(), effects);
    dns = new DnsFaker(scratch, fakes, carriers, effects);
    errors = new IcmpErrors(map);
    fragments = new Fragments(map);
  }

  /**
   * Adds a carrier.
   *
   * @param mtu longest IP packet that it carries, in bytes
   * @return its index, or -1 when there are too many
   */
  public int addCarrier(String name, int mtu, long nowNs) {
    return carriers.add(name, mtu, nowNs);
  }

  /** Removes a carrier; its TCP flows are reset, its other flows choose again. */
  public void removeCarrier(int carrier) {
    abandon(carrier);
    for (int f = map.next(0); f >= 0; f = map.next(f + 1)) {
      if (map.carrier[f] == carrier) {
        map.carrier[f] = Policy.MISSING;
      }
    }
    carriers.remove(carrier);
  }

  /**
   * Swaps the rules. Flows that exist keep their carriers.
   *
   * @param carrierOfRule carrier index by rule number, 0 for the underlay, -1 for an overlay that
   *     has not been added
   */
  public void setRules(RuleSet rules, int[] carrierOfRule, long nowNs) {
    policy = new Policy(rules, carrierOfRule, policy.mediated());
    for (int c = 1; c < Carriers.MAX; c++) {
      boolean named = false;
      for (int carrier : carrierOfRule) {
        named |= carrier == c;
      }
      carriers.named(c, named, nowNs);
    }
    onTimer(nowNs);
  }

  /**
   * Forces OC0 for every new flow (the paper's experiments): no name gets a fake address, and no
   * rule sends a flow to an overlay. Flows that exist keep their carriers.
   */
  public void setMediate(boolean mediate) {
    policy = policy.mediated(mediate);
  }

  /** A checked burst that the programs sent into the TUN device. */
  public void onTun(Burst b, long nowNs) {
    tunPkts += b.segments();
    if (b.laterFragment()) {
      sendFragment(b, nowNs);
      return;
    }
    if (Icmp.isError(b)) {
      sendError(b, nowNs);
      return;
    }
    key.of(b);
    if (key.protocol() == Ip.UDP
        && key.dport() == DNS_PORT
        && !b.fragment()
        && dns.answers(b, key)) {
      return;
    }
    int f = map.findOutbound(key);
    if (f >= 0 && map.closed(f) && isBareSyn(b)) {
      remove(f, nowNs);
      f = FlowMap.NONE;
    }
    if (f >= 0 && !usable(map.carrier[f])) {
      f = leaveCarrier(f, b, nowNs);
    } else if (f < 0) {
      f = begin(b, nowNs);
    }
    if (f >= 0) {
      if (b.fragment()) {
        fragments.note(b, f, nowNs);
      }
      forward(f, b, nowNs);
    }
  }

  /** A checked burst from the entry node of a carrier. */
  public void onCarrier(int carrier, Burst b, long nowNs) {
    carriers.heard(carrier, false, nowNs);
    carriers.inPkts[carrier] += b.segments();
    carriers.inBytes[carrier] += b.length();
    fromNetwork(carrier, b, nowNs);
  }

  /** An empty datagram from the entry node of a carrier: the answer to a probe. */
  public void onProbeAnswer(int carrier, long nowNs) {
    carriers.heard(carrier, true, nowNs);
  }

  /** The carrier's host refused a datagram: nothing listens on the entry port. */
  public void onRefused(int carrier, long nowNs) {
    if (carriers.refused(carrier, nowNs)) {
      abandon(carrier);
    }
  }

  /** A checked burst from the underlay, addressed to the reserved ports (OC0). */
  public void onUnderlay(Burst b, long nowNs) {
    if (nat.inbound(b, nowNs) < 0) {
      DropReason why = nat.lastDrop();
      drop(why == null ? DropReason.NO_FLOW : why);
      return;
    }
    carriers.inPkts[Carriers.UNDERLAY] += b.segments();
    carriers.inBytes[Carriers.UNDERLAY] += b.length();
    fromNetwork(Carriers.UNDERLAY, b, nowNs);
  }

  /** Does what is due: probes, verdicts on silent carriers, time-outs. */
  public void onTimer(long nowNs) {
    for (int c = 1; c < Carriers.MAX; c++) {
      if (carriers.probeDue(c, nowNs)) {
        effects.probe(c);
      }
      if (carriers.judge(c, nowNs)) {
        abandon(c);
      }
    }
    for (int f = map.expired(nowNs, key); f >= 0; f = map.expired(nowNs, key)) {
      remove(f, nowNs);
    }
    nat.expire(nowNs);
  }

  /** When {@link #onTimer} wants to be called; {@link Long#MAX_VALUE} for never. */
  public long nextDeadlineNs() {
    return Math.min(
        carriers.nextDeadlineNs(), Math.min(map.nextDeadlineNs(), nat.nextDeadlineNs()));
  }

  /** Counts a packet that a port dropped before the engine saw it. */
  public void drop(DropReason why) {
    drops[why.ordinal()]++;
  }

  /** A snapshot of the counters and carriers. */
  public EngineInfo info(long nowNs) {
    Map<DropReason, Long> counts = new EnumMap<>(DropReason.class);
    for (DropReason why : DropReason.values()) {
      if (drops[why.ordinal()] > 0) {
        counts.put(why, drops[why.ordinal()]);
      }
    }
    Map<String, Long> named = new TreeMap<>();
    counts.forEach((why, n) -> named.put(why.name(), n));
    return new EngineInfo(
        carriers.list(nowNs),
        map.size(),
        config.maxFlows(),
        fakes.size(),
        tunPkts,
        dns.queries(),
        dns.faked(),
        named);
  }

  /** A snapshot of at most {@code limit} flows. */
  public List<FlowInfo> flows(int limit, long nowNs) {
    return FlowListing.list(map, carriers, fakes, limit, nowNs);
  }

  // ------------------------------------------------------------------ outbound

  private void forward(int f, Burst b, long nowNs) {
    int c = map.carrier[f];
    if (b.headerBytes() + b.payloadBytes() > carriers.mtu(c) && tooBig(c, b, nowNs)) {
      return;
    }
    map.outbound(f, b, nowNs);
    clampMss(b, c);
    if (map.fake[f] >= 0) {
      Rewrite.destination(b, map.realHi[f], map.realLo[f], key.dport());
    }
    send(c, b, nowNs);
  }

  /** True when a packet of the burst exceeds the carrier's MTU; it has been refused then. */
  private boolean tooBig(int carrier, Burst b, long nowNs) {
    int packetBytes =
        b.headerBytes() + (b.segmentBytes() == 0 ? b.payloadBytes() : b.segmentBytes());
    if (packetBytes <= carriers.mtu(carrier)) {
      return false;
    }
    drop(DropReason.TOO_BIG);
    refusals.tooBig(b, carriers.mtu(carrier), nowNs);
    return true;
  }

  private void clampMss(Burst b, int carrier) {
    if (b.protocol() == Ip.TCP && (Tcp.flags(b.buffer(), b.transport()) & Tcp.SYN) != 0) {
      Rewrite.clampMss(b, carriers.mtu(carrier) - (b.version() == 4 ? 40 : 60));
    }
  }

  /** Begins the flow of {@link #key}; its number, or NONE when the packet has been refused. */
  private int begin(Burst b, long nowNs) {
    int entry = fakes.find(key.dstHi, key.dstLo);
    if (entry < 0 && fakes.inRange(key.dstHi, key.dstLo)) {
      return refuse(DropReason.UNKNOWN_FAKE, b, nowNs);
    }
    if (b.protocol() == Ip.TCP && !isBareSyn(b)) {
      return refuse(DropReason.NO_FLOW, b, nowNs);
    }
    int rule = entry >= 0 ? policy.matchName(fakes.name(entry)) : policy.matchHeader(key);
    int c = choose(rule, entry);
    if (c == Policy.BLOCKED) {
      return refuse(DropReason.NO_CARRIER, b, nowNs);
    }
    network.set(
        entry >= 0 ? fakes.realHi(entry) : key.dstHi,
        entry >= 0 ? fakes.realLo(entry) : key.dstLo,
        key.srcHi,
        key.srcLo,
        key.protocol(),
        key.dport(),
        key.sport());
    int f = add(c, entry, nowNs);
    if (f < 0) {
      return refuse(DropReason.FLOW_LIMIT, b, nowNs);
    }
    map.rule[f] = rule < 0 ? null : policy.rule(rule);
    return f;
  }

  private int choose(int rule, int entry) {
    if (rule < 0) {
      return Carriers.UNDERLAY;
    }
    return entry >= 0
        ? policy.chooseByName(rule, fakes.name(entry), carriers)
        : policy.chooseByHeader(rule, key, carriers);
  }

  private int add(int carrier, int entry, long nowNs) {
    int f = map.add(key, network, carrier, entry, nowNs);
    if (f < 0) {
      // Full, or the same real destination is in use under another fake address from this port:
      // what is over, or never was answered, makes room.
      int victim = map.victim(network, nowNs);
      if (victim < 0) {
        return FlowMap.NONE;
      }
      remove(victim, nowNs);
      f = map.add(key, network, carrier, entry, nowNs);
    }
    if (f >= 0) {
      carriers.flows[carrier]++;
      if (entry >= 0) {
        fakes.hold(entry, nowNs);
      }
    }
    return f;
  }

  private int refuse(DropReason why, Burst b, long nowNs) {
    drop(why);
    refusals.refuse(b, nowNs);
    return FlowMap.NONE;
  }

  /** The flow's carrier is gone: TCP is reset, others choose again. The flow, or NONE. */
  private int leaveCarrier(int f, Burst b, long nowNs) {
    remove(f, nowNs);
    if (b.protocol() == Ip.TCP) {
      return refuse(DropReason.NO_CARRIER, b, nowNs);
    }
    return begin(b, nowNs);
  }

  private boolean usable(int carrier) {
    return carriers.exists(carrier) && carriers.state(carrier) != CarrierState.DEAD;
  }

  private void sendFragment(Burst b, long nowNs) {
    int f = fragments.outbound(b, nowNs);
    if (f < 0 || !usable(map.carrier[f])) {
      drop(DropReason.FRAGMENT);
      return;
    }
    map.outbound(f, b, nowNs);
    if (map.fake[f] >= 0) {
      Rewrite.destination(b, map.realHi[f], map.realLo[f], 0);
    }
    send(map.carrier[f], b, nowNs);
  }

  /** An ICMP error of this host about a packet that it received by a carrier. */
  private void sendError(Burst b, long nowNs) {
    int f = errors.outbound(b, key);
    if (f < 0) {
      drop(DropReason.NO_FLOW);
    } else if (usable(map.carrier[f])) {
      send(map.carrier[f], b, nowNs);
    } else {
      drop(DropReason.NO_CARRIER);
    }
  }

  private void send(int carrier, Burst b, long nowNs) {
    if (carrier == Carriers.UNDERLAY) {
      DropReason why = nat.outbound(b, CLIENT, nowNs);
      if (why != null) {
        drop(why);
        return;
      }
    }
    carriers.outPkts[carrier] += b.segments();
    carriers.outBytes[carrier] += b.length();
    if (carrier == Carriers.UNDERLAY) {
      effects.toUnderlay(b);
    } else {
      effects.toCarrier(carrier, b);
    }
  }

  // ------------------------------------------------------------------- inbound

  private void fromNetwork(int carrier, Burst b, long nowNs) {
    if (b.laterFragment()) {
      receiveFragment(carrier, b, nowNs);
      return;
    }
    boolean error = Icmp.isError(b);
    int f = error ? errors.findInbound(b, key) : map.findInbound(key.of(b));
    if (f < 0) {
      drop(DropReason.NO_FLOW);
      return;
    }
    if (map.carrier[f] != carrier) {
      drop(DropReason.NOT_GRANTED);
      return;
    }
    if (error) {
      errors.inbound(f, b);
      effects.toTun(b);
      return;
    }
    if (b.fragment()) {
      fragments.note(b, f, nowNs);
    }
    map.inbound(f, b, nowNs);
    clampMss(b, carrier);
    boolean answer = key.protocol() == Ip.UDP && key.sport() == DNS_PORT && !b.fragment();
    int sport = key.sport();
    map.key(f, network);
    if (answer && dns.replaces(b, network, policy, nowNs)) {
      return;
    }
    if (map.fake[f] >= 0) {
      Rewrite.source(b, network.dstHi, network.dstLo, sport);
    }
    effects.toTun(b);
  }

  private void receiveFragment(int carrier, Burst b, long nowNs) {
    int f = fragments.inbound(b, nowNs);
    if (f < 0) {
      drop(DropReason.FRAGMENT);
    } else if (map.carrier[f] != carrier) {
      drop(DropReason.NOT_GRANTED);
    } else {
      map.inbound(f, b, nowNs);
      if (map.fake[f] >= 0) {
        map.key(f, network);
        Rewrite.source(b, network.dstHi, network.dstLo, 0);
      }
      effects.toTun(b);
    }
  }

  /** The carrier is dead: its TCP connections learn it now instead of hanging. */
  private void abandon(int carrier) {
    for (int f = map.next(0); f >= 0; f = map.next(f + 1)) {
      if (map.carrier[f] == carrier) {
        map.key(f, key);
        if (key.protocol() == Ip.TCP && !map.closed(f)) {
          refusals.resetProgram(key, map.lastAck[f]);
        }
      }
    }
  }

  private void remove(int f, long nowNs) {
    int c = map.carrier[f];
    if (c >= 0) {
      carriers.flows[c]--;
    }
    if (map.fake[f] >= 0) {
      fakes.release(map.fake[f], nowNs);
    }
    map.remove(f);
  }

  private static boolean isBareSyn(Burst b) {
    if (b.protocol() != Ip.TCP) {
      return false;
    }
    int flags = Tcp.flags(b.buffer(), b.transport());
    return (flags & (Tcp.SYN | Tcp.ACK | Tcp.RST | Tcp.FIN)) == Tcp.SYN;
  }
}
