// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Icmp;
import oasis.packet.Rewrite;

/**
 * The way from the network to the programs: only packets of known flows, only by the carrier that
 * holds the flow, with the addresses that the program knows. Confined to the data loop; nothing
 * here allocates but for DNS answers.
 */
final class Inbound {
  private final Flows flows;
  private final FlowMap map;
  private final Carriers carriers;
  private final Refusals refusals;
  private final DnsFaker dns;
  private final DnsStreams streams;
  private final IcmpErrors errors;
  private final Fragments fragments;
  private final SegmentSizes sizes;
  private final Effects effects;
  private final FlowKey key = new FlowKey();
  private final FlowKey program = new FlowKey();

  Inbound(
      Flows flows,
      Fragments fragments,
      SegmentSizes sizes,
      DnsFaker dns,
      DnsStreams streams,
      Refusals refusals,
      Effects effects) {
    this.flows = flows;
    this.map = flows.map;
    this.carriers = flows.carriers;
    this.fragments = fragments;
    this.sizes = sizes;
    this.dns = dns;
    this.streams = streams;
    this.refusals = refusals;
    this.effects = effects;
    errors = new IcmpErrors(map);
  }

  /** A checked burst that came by a carrier; from OC0 with its destination translated back. */
  void receive(int carrier, Burst b, long nowNs) {
    carriers.received(carrier, b);
    boolean error = Icmp.isError(b);
    int f = find(b, error, nowNs);
    if (f < 0) {
      refusals.drop(b.laterFragment() ? DropReason.FRAGMENT : DropReason.NO_FLOW, b);
    } else if (map.carrier[f] != carrier) {
      refusals.drop(DropReason.NOT_GRANTED, b);
    } else if (error) {
      errors.inbound(f, b);
      effects.toTun(b);
    } else {
      deliver(f, b, nowNs);
    }
  }

  private int find(Burst b, boolean error, long nowNs) {
    if (b.laterFragment()) {
      return fragments.inbound(b, nowNs);
    }
    return error ? errors.findInbound(b, key) : map.findInbound(key.of(b));
  }

  private void deliver(int f, Burst b, long nowNs) {
    map.inbound(f, b, nowNs);
    map.key(f, program);
    if (b.fragment()) {
      if (!passes(f, b, nowNs)) {
        return;
      }
    } else {
      sizes.limit(map.carrier[f], b, map.realHi[f], map.realLo[f]);
      if (DnsFaker.isQuery(program) && dns.replaces(b, program, flows.policy(), nowNs)) {
        return;
      }
      if (streams.has(f) && !streams.inbound(f, b, flows.policy(), nowNs)) {
        return;
      }
    }
    if (map.fake[f] >= 0) {
      // For an echo, the port is the identifier, the same both ways.
      Rewrite.source(b, program.dstHi, program.dstLo, program.dport());
    }
    effects.toTun(b);
  }

  /**
   * Whether a fragment goes on to its program; the later ones that do were noted with the first.
   */
  private boolean passes(int f, Burst b, long nowNs) {
    if (b.laterFragment()) {
      return true;
    }
    boolean restComes = map.carrier[f] != Carriers.UNDERLAY;
    if (DnsFaker.isQuery(program)) {
      if (dns.stops(b, program, flows.policy(), restComes)) {
        return false;
      }
    } else if (!restComes || streams.has(f)) {
      refusals.drop(DropReason.FRAGMENT, b);
      return false;
    }
    fragments.note(b, f, nowNs);
    return true;
  }
}
