// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import oasis.flow.NatEngine;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.DnsMessage;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;

/**
 * Begins and ends flows: which carrier a new flow gets, what may not begin at all, and what happens
 * to flows whose carrier dies. Confined to the data loop.
 */
final class Flows {
  final FlowMap map;
  final Carriers carriers;
  private final Fakes fakes;
  private final NatEngine nat;
  private final Refusals refusals;
  private final DnsStreams streams;
  private final Attempts attempts;
  private final FlowKey network = new FlowKey();
  private final FlowKey scratch = new FlowKey();
  private final Sender sender;
  private final DnsMessage question = new DnsMessage();
  private Policy policy = Policy.NOTHING;
  private boolean queriesByName;

  Flows(
      FlowMap map,
      Carriers carriers,
      Fakes fakes,
      NatEngine nat,
      Refusals refusals,
      DnsStreams streams,
      Attempts attempts,
      Effects effects) {
    this.map = map;
    this.carriers = carriers;
    this.fakes = fakes;
    this.nat = nat;
    this.refusals = refusals;
    this.streams = streams;
    this.attempts = attempts;
    sender = new Sender(effects);
  }

  /** What decides about new flows and names. */
  Policy policy() {
    return policy;
  }

  /** Flows that exist keep their carriers. */
  void setPolicy(Policy policy) {
    this.policy = policy;
  }

  /** Lets the first query of a flow of DNS queries decide about its carrier, by its name. */
  void queriesByName() {
    queriesByName = true;
  }

  /**
   * The flow that carries a burst of a program: the known one, else a new one.
   *
   * @param key the burst's 5-tuple
   * @return its number, or {@link FlowMap#NONE} when the burst has been refused
   */
  int of(Burst b, FlowKey key, long nowNs) {
    int f = map.findOutbound(key);
    if (f < 0) {
      return begin(b, key, nowNs);
    }
    if (map.closed(f) && isBareSyn(b)) {
      remove(f, nowNs);
      return begin(b, key, nowNs);
    }
    if (usable(map.carrier[f]) && !isLost(f, b)) {
      return f;
    }
    remove(f, nowNs);
    return b.protocol() == Ip.TCP ? refuse(DropReason.NO_CARRIER, b, nowNs) : begin(b, key, nowNs);
  }

  /** Whether packets may go by a carrier at all. */
  boolean usable(int carrier) {
    return carriers.exists(carrier) && carriers.state(carrier) != CarrierState.DEAD;
  }

  /** A datagram whose flow was never answered need not wait for the verdict on its carrier. */
  private boolean isLost(int f, Burst b) {
    return map.inPkts[f] == 0
        && b.protocol() != Ip.TCP
        && carriers.state(map.carrier[f]) == CarrierState.SUSPECT;
  }

  private int begin(Burst b, FlowKey key, long nowNs) {
    int fake = fakes.find(key.dstHi, key.dstLo);
    if (fake < 0 && fakes.inRange(key.dstHi, key.dstLo)) {
      return refuse(DropReason.UNKNOWN_FAKE, b, nowNs);
    }
    boolean ipv4 = b.version() == 4;
    boolean linkLocal = Addresses.isLinkLocal(key.dstHi, key.dstLo);
    if (Addresses.isMulticast(key.dstHi, key.dstLo) || linkLocal && !isResolver(key, ipv4)) {
      return refuse(DropReason.LOCAL_SCOPE, b, nowNs);
    }
    if (b.protocol() == Ip.TCP && !isBareSyn(b)) {
      return refuse(DropReason.NO_FLOW, b, nowNs);
    }
    int rule = linkLocal ? Policy.NO_RULE : queried(b, key, ipv4);
    if (rule < 0 && !linkLocal) {
      rule = settled(fake, key, ipv4);
    }
    int c = policy.carrier(rule, ipv4, carriers);
    if (c == Policy.BLOCKED) {
      return refuse(DropReason.NO_CARRIER, b, nowNs);
    }
    if (c == Carriers.UNDERLAY && !ipv4 && !nat.hasExternal6()) {
      return refuse(DropReason.NO_IPV6, b, nowNs);
    }
    int f = add(c, fake, key, nowNs);
    if (f < 0) {
      return refuse(DropReason.FLOW_LIMIT, b, nowNs);
    }
    if (rule >= 0) {
      RuleHits hits = policy.hits(rule);
      hits.flow();
      map.hits[f] = hits;
    }
    if (c != Carriers.UNDERLAY && b.protocol() == Ip.TCP) {
      attempts.note(b, nowNs);
    }
    return f;
  }

  /**
   * Some clouds have their name server at a link-local address, which only the underlay reaches.
   */
  private static boolean isResolver(FlowKey key, boolean ipv4) {
    return ipv4 && (DnsFaker.isQuery(key) || DnsStreams.isQuery(key));
  }

  /** The rule that decides about the name that a DNS query asks for, if that counts. */
  private int queried(Burst b, FlowKey key, boolean ipv4) {
    boolean asks =
        queriesByName
            && DnsFaker.isQuery(key)
            && question.peek(b.buffer(), b.pieceStart(0), b.payloadBytes());
    return asks
        ? policy.settledByName(question.name(), ipv4, carriers, sender.of(key))
        : Policy.NO_RULE;
  }

  /** A flow to a name that no rule about names decides is one to the real address. */
  private int settled(int fake, FlowKey key, boolean ipv4) {
    sender.of(key);
    if (fake < 0) {
      return policy.settledByHeader(key, ipv4, carriers, sender);
    }
    int r = policy.settledByName(fakes.name(fake), ipv4, carriers, sender);
    if (r >= 0) {
      return r;
    }
    scratch.set(key);
    fakes.toReal(fake, scratch);
    return policy.settledByHeader(scratch, ipv4, carriers, sender);
  }

  private int add(int carrier, int fake, FlowKey key, long nowNs) {
    network.set(
        fake >= 0 ? fakes.realHi(fake) : key.dstHi,
        fake >= 0 ? fakes.realLo(fake) : key.dstLo,
        key.srcHi,
        key.srcLo,
        key.protocol(),
        key.dport(),
        key.sport());
    int f = map.add(key, network, carrier, fake, nowNs);
    if (f < 0) {
      // Full, or the same real destination is in use under another fake address from this port:
      // what is over, or never was answered, makes room.
      int victim = map.victim(network, nowNs);
      if (victim < 0) {
        return FlowMap.NONE;
      }
      remove(victim, nowNs);
      f = map.add(key, network, carrier, fake, nowNs);
    }
    if (f >= 0) {
      carriers.flows[carrier]++;
      if (fake >= 0) {
        fakes.hold(fake, nowNs);
      }
    }
    return f;
  }

  /** Forgets a flow and lets its fake go. */
  void remove(int f, long nowNs) {
    int c = map.carrier[f];
    if (c >= 0) {
      carriers.flows[c]--;
    }
    if (map.fake[f] >= 0) {
      fakes.release(map.fake[f], nowNs);
    }
    streams.forget(f);
    map.remove(f);
  }

  /** Forgets the flows whose time is over. */
  void expire(long nowNs) {
    for (int f = map.expired(nowNs, scratch); f >= 0; f = map.expired(nowNs, scratch)) {
      remove(f, nowNs);
    }
  }

  /** The carrier may be dead: connections that it has not answered begin again by another. */
  void rescue(int carrier, Attempts.Way way, long nowNs) {
    attempts.repeat(carrier, this, way, nowNs);
  }

  /**
   * The carrier is dead, or its entry node will not know us again: its TCP connections learn it now
   * instead of hanging.
   */
  void abandon(int carrier) {
    abandon(carrier, true, true);
  }

  /** The same for the flows of some address families. */
  void abandon(int carrier, boolean ipv4, boolean ipv6) {
    for (int f = map.next(0); f >= 0; f = map.next(f + 1)) {
      if (map.carrier[f] == carrier) {
        map.key(f, scratch);
        boolean meant = Addresses.isV4(scratch.dstHi, scratch.dstLo) ? ipv4 : ipv6;
        if (meant && scratch.protocol() == Ip.TCP && !map.closed(f)) {
          refusals.resetProgram(scratch, map.lastAck[f]);
          map.end(f);
        }
      }
    }
  }

  /** The carrier goes away, and its number may come to mean another. */
  void forget(int carrier) {
    abandon(carrier);
    for (int f = map.next(0); f >= 0; f = map.next(f + 1)) {
      if (map.carrier[f] == carrier) {
        map.carrier[f] = Policy.MISSING;
      }
    }
  }

  private int refuse(DropReason why, Burst b, long nowNs) {
    refusals.refuse(why, b, nowNs);
    return FlowMap.NONE;
  }

  private static boolean isBareSyn(Burst b) {
    if (b.protocol() != Ip.TCP) {
      return false;
    }
    int flags = Tcp.flags(b.buffer(), b.transport());
    return (flags & (Tcp.SYN | Tcp.ACK | Tcp.RST | Tcp.FIN)) == Tcp.SYN;
  }
}
