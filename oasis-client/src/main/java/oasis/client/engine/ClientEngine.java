// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.util.List;
import oasis.flow.FakePool;
import oasis.flow.NatEngine;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.rules.ProgramFacts;
import oasis.rules.RuleSet;

/**
 * The client's mind: every packet that reaches the TUN device, a carrier or the underlay capture
 * goes through here. It decides the carrier of each new flow by the rules, translates fake
 * addresses, fakes DNS answers, and refuses at once what cannot be carried (paper sections 2.2.2 to
 * 2.2.4), for IPv4 and IPv6 alike. Confined to the data loop; nothing on the path of an established
 * flow allocates.
 *
 * <p>This class is the door; behind it {@link Outbound} and {@link Inbound} are the two ways of a
 * packet, {@link Flows} begins and ends flows, and {@link Carriers} judges the entry nodes.
 */
public final class ClientEngine {
  /** Most carriers, the underlay included. */
  public static final int MAX_CARRIERS = Carriers.MAX;

  private final EngineConfig config;
  private final Effects effects;
  private final Fakes fakes;
  private final NatEngine nat;
  private final Carriers carriers;
  private final FlowMap map;
  private final Flows flows;
  private final DnsAnswers answers;
  private final DnsStreams streams;
  private final Outbound outbound;
  private final Inbound inbound;
  private final Drops drops = new Drops();
  private long tunPkts;

  /**
   * An engine without carriers and rules.
   *
   * <p>The two pools are independent: each has a range and a journal of its own ({@code
   * fakes.journal} and {@code fakes6.journal} in the client's state directory) and is restored from
   * it before the engine is made. The IPv6 range (by default {@code fdc6:1200:4710::/112}) is to be
   * routed into the TUN device as the IPv4 one is, with an unreachable route behind it; its address
   * 1 is the device's own. On a host without IPv6, {@code fakes6} is a pool whose journal refuses
   * every record: names that rules match then have no IPv6 addresses.
   *
   * <p>DNS queries to link-local servers must not be diverted here: no carrier reaches them.
   *
   * @param fakes4 fake IPv4 addresses, already restored from their journal
   * @param fakes6 fake IPv6 addresses, likewise
   * @param nat the translator of OC0; its external addresses may be set later
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
    this.nat = nat;
    fakes = new Fakes(fakes4, fakes6);
    carriers = new Carriers(config);
    map = new FlowMap(config.maxFlows(), config.seed());
    Refusals refusals = new Refusals(scratch, config.maxRepliesPerSecond(), drops, effects);
    answers = new DnsAnswers(fakes, carriers, nat);
    SegmentSizes sizes = new SegmentSizes(carriers, effects);
    Forwarder forwarder = new Forwarder(map, carriers, sizes, refusals, nat, effects);
    streams = new DnsStreams(map, answers, forwarder, refusals, scratch, effects, config.tunMtu());
    Attempts attempts = new Attempts(scratch, map);
    flows = new Flows(map, carriers, fakes, nat, refusals, streams, attempts, effects);
    DnsFaker dns = new DnsFaker(scratch, answers, refusals, effects);
    Fragments fragments = new Fragments(map);
    outbound = new Outbound(flows, fragments, forwarder, dns, streams, refusals, nat, effects);
    inbound = new Inbound(flows, fragments, sizes, dns, streams, refusals, effects);
  }

  /**
   * Adds a carrier. One with the name of another is a further entry node of the same overlay: each
   * new flow gets the living one with the shortest round-trip time.
   *
   * @param mtu longest IP packet that it carries, in bytes; with less than 1,280 it carries no IPv6
   * @return its index, or -1 when there are too many
   */
  public int addCarrier(String name, int mtu, long nowNs) {
    return carriers.add(name, mtu, nowNs);
  }

  /** Changes what a carrier carries; longer packets of its flows are refused with the new size. */
  public void setMtu(int carrier, int mtu) {
    carriers.setMtu(carrier, mtu);
  }

  /** Removes a carrier; its TCP flows are reset, its other flows choose again. */
  public void removeCarrier(int carrier) {
    flows.forget(carrier);
    carriers.remove(carrier);
  }

  /**
   * Swaps the rules. Flows that exist keep their carriers.
   *
   * @param carrierOfRule index of any carrier of the overlay by rule number, 0 for the underlay, -1
   *     for an overlay that has not been added
   */
  public void setRules(RuleSet rules, int[] carrierOfRule, long nowNs) {
    setRules(rules, carrierOfRule, rules.rules().stream().map(RuleHits::new).toList(), nowNs);
  }

  /**
   * As {@link #setRules(RuleSet, int[], long)}, counting on for rules that were there before.
   *
   * @param hits what counts for each rule, by its number
   */
  public void setRules(RuleSet rules, int[] carrierOfRule, List<RuleHits> hits, long nowNs) {
    flows.setPolicy(new Policy(rules, carrierOfRule, hits, flows.policy().mediated()));
    carriers.named(carrierOfRule, nowNs);
    onTimer(nowNs);
  }

  /**
   * Forces OC0 for every new flow (the paper's experiments): no name gets a fake address, and no
   * rule sends a flow to an overlay. Flows that exist keep their carriers.
   */
  public void setMediate(boolean mediate) {
    flows.setPolicy(flows.policy().mediated(mediate));
  }

  /**
   * Lets each flow of DNS queries go by the carrier of the name that its first query asks for,
   * where a rule decides about that name: for a program that asks for each name from a port of its
   * own. Without this, a query goes where rules about its packets say.
   */
  public void resolveByName() {
    flows.queriesByName();
  }

  /** A checked burst that the programs sent into the TUN device. */
  public void onTun(Burst b, long nowNs) {
    tunPkts += b.segments();
    outbound.send(b, nowNs);
  }

  /** A checked burst from the entry node of a carrier. */
  public void onCarrier(int carrier, Burst b, long nowNs) {
    carriers.heard(carrier, false, nowNs);
    inbound.receive(carrier, b, nowNs);
  }

  /** An empty datagram from the entry node of a carrier: the answer to a probe. */
  public void onProbeAnswer(int carrier, long nowNs) {
    carriers.heard(carrier, true, nowNs);
  }

  /** The carrier's host refused a datagram: nothing listens on the entry port. */
  public void onRefused(int carrier, long nowNs) {
    CarrierState before = carriers.state(carrier);
    carriers.refused(carrier, nowNs);
    judged(carrier, before, nowNs);
  }

  /**
   * Packets to a carrier's entry node come from another address or port now. The node does not know
   * us by it: TCP connections are reset, and other flows begin anew there.
   */
  public void onMoved(int carrier, long nowNs) {
    carriers.moved(carrier, nowNs);
    flows.abandon(carrier);
  }

  /**
   * The underlay's address of a family has changed: its connections by OC0 had the old one, and
   * nobody would answer them.
   */
  public void onUnderlayMoved(boolean ipv4, boolean ipv6) {
    flows.abandon(Carriers.UNDERLAY, ipv4, ipv6);
  }

  /** Addresses, routes or interfaces of the host have changed: every carrier is probed soon. */
  public void onHostChange(long nowNs) {
    carriers.hostChanged(nowNs);
  }

  /** Acts on what has been found out about a carrier. */
  private void judged(int carrier, CarrierState before, long nowNs) {
    CarrierState now = carriers.state(carrier);
    if (now == before) {
      return;
    }
    if (now == CarrierState.SUSPECT || now == CarrierState.DEAD) {
      flows.rescue(carrier, outbound::send, nowNs);
    }
    if (now == CarrierState.DEAD) {
      flows.abandon(carrier);
    }
  }

  /** A checked burst from the underlay, addressed to the reserved ports (OC0). */
  public void onUnderlay(Burst b, long nowNs) {
    if (b.laterFragment()) {
      // It has no ports, and the capture takes the reserved ports only.
      drops.count(DropReason.FRAGMENT, 1);
      return;
    }
    if (nat.inbound(b, nowNs) < 0) {
      DropReason why = nat.lastDrop();
      drops.count(why == null ? DropReason.NO_FLOW : why, b.segments());
      return;
    }
    inbound.receive(Carriers.UNDERLAY, b, nowNs);
  }

  /** Does what is due: probes, verdicts on silent carriers, time-outs. */
  public void onTimer(long nowNs) {
    for (int c = 1; c < carriers.end(); c++) {
      CarrierState before = carriers.state(c);
      if (carriers.probeDue(c, nowNs)) {
        judged(c, before, nowNs);
        if (!effects.probe(c)) {
          carriers.unsent(c);
        }
      }
    }
    streams.onTimer(nowNs);
    flows.expire(nowNs);
    nat.expire(nowNs);
  }

  /** When {@link #onTimer} wants to be called; {@link Long#MAX_VALUE} for never. */
  public long nextDeadlineNs() {
    return Math.min(
        Math.min(carriers.nextDeadlineNs(), streams.nextDeadlineNs()),
        Math.min(map.nextDeadlineNs(), nat.nextDeadlineNs()));
  }

  /** Counts a packet that a port dropped before the engine saw it. */
  public void drop(DropReason why) {
    drops.count(why, 1);
  }

  /** A snapshot of the counters and carriers. */
  public EngineInfo info(long nowNs) {
    return new EngineInfo(
        carriers.list(nat.hasExternal6(), nowNs),
        map.size(),
        config.maxFlows(),
        fakes.size(),
        fakes.held(),
        fakes.exhausted(),
        tunPkts,
        answers.queries(),
        answers.faked(),
        streams.size(),
        streams.heldBytes(),
        drops.byName());
  }

  /**
   * What would happen to a new flow to a name.
   *
   * @param lowerCaseName without the last dot
   * @param program what is known of the program that begins it
   */
  public Decision explain(String lowerCaseName, ProgramFacts program, boolean ipv4) {
    return flows.policy().explain(lowerCaseName, program, ipv4, carriers);
  }

  /** What happens to a program's packets with this 5-tuple, if they reach us at all. */
  public Explanation explain(FlowKey key, ProgramFacts program, long nowNs) {
    boolean ipv4 = Addresses.isV4(key.dstHi, key.dstLo);
    int fake = fakes.find(key.dstHi, key.dstLo);
    String name = fake >= 0 ? fakes.name(fake) : null;
    int f = map.findOutbound(key);
    return new Explanation(
        f >= 0 ? FlowListing.one(map, carriers, fakes, f, nowNs) : null,
        name,
        fake < 0 && fakes.inRange(key.dstHi, key.dstLo),
        name != null
            ? explain(name, program, ipv4).orBy(() -> explainReal(key, fake, program, ipv4))
            : flows.policy().explain(key, program, ipv4, carriers));
  }

  private Decision explainReal(FlowKey key, int fake, ProgramFacts program, boolean ipv4) {
    FlowKey real = new FlowKey().set(key);
    fakes.toReal(fake, real);
    return flows.policy().explain(real, program, ipv4, carriers);
  }

  /** The address that an address stands for: itself when it is not a fake one. */
  public Address realOf(Address address) {
    int fake = fakes.find(address.hi(), address.lo());
    return fake < 0 ? address : new Address(fakes.realHi(fake), fakes.realLo(fake));
  }

  /** A snapshot of at most {@code limit} fake addresses and their names. */
  public List<FakeInfo> fakes(int limit) {
    return fakes.list(limit);
  }

  /** A snapshot of at most {@code limit} flows. */
  public List<FlowInfo> flows(int limit, long nowNs) {
    return FlowListing.list(map, carriers, fakes, limit, nowNs);
  }
}
