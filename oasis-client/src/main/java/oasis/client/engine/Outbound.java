// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import oasis.flow.NatEngine;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Fragmenter;
import oasis.packet.Icmp;
import oasis.packet.Rewrite;

/**
 * The way from the programs to the network: real addresses for fakes, then the flow's carrier, as
 * far as its MTU allows. What cannot go is refused in the program's own terms. Confined to the data
 * loop; nothing here allocates for a flow that exists.
 */
final class Outbound {
  private static final int CLIENT = 0;

  private final Flows flows;
  private final FlowMap map;
  private final Carriers carriers;
  private final Refusals refusals;
  private final DnsFaker dns;
  private final IcmpErrors errors;
  private final Fragments fragments;
  private final SegmentSizes sizes;
  private final NatEngine nat;
  private final Effects effects;
  private final Fragmenter fragmenter = new Fragmenter();
  private final Burst piece = new Burst();
  private final FlowKey key = new FlowKey();

  Outbound(
      Flows flows,
      Fragments fragments,
      SegmentSizes sizes,
      DnsFaker dns,
      Refusals refusals,
      NatEngine nat,
      Effects effects) {
    this.flows = flows;
    this.map = flows.map;
    this.carriers = flows.carriers;
    this.fragments = fragments;
    this.sizes = sizes;
    this.dns = dns;
    this.refusals = refusals;
    this.nat = nat;
    this.effects = effects;
    errors = new IcmpErrors(map);
  }

  /** A checked burst that the programs sent. */
  void send(Burst b, long nowNs) {
    if (b.laterFragment()) {
      sendFragment(b, nowNs);
      return;
    }
    if (Icmp.isError(b)) {
      sendError(b, nowNs);
      return;
    }
    key.of(b);
    if (DnsFaker.isQuery(key) && !b.fragment() && dns.answers(b, key)) {
      return;
    }
    int f = flows.of(b, key, nowNs);
    if (f >= 0) {
      if (b.fragment()) {
        fragments.note(b, f, nowNs);
      }
      forward(f, b, nowNs);
    }
  }

  private void forward(int f, Burst b, long nowNs) {
    int c = map.carrier[f];
    if (!fits(c, b) && !Fragmenter.mayCut(b)) {
      refusals.tooBig(b, carriers.mtu(c), nowNs);
      return;
    }
    map.outbound(f, b, nowNs);
    sizes.limit(c, b, map.realHi[f], map.realLo[f]);
    if (map.fake[f] >= 0) {
      Rewrite.destination(b, map.realHi[f], map.realLo[f], key.dport());
    }
    if (c == Carriers.UNDERLAY) {
      toUnderlay(b, nowNs);
    } else {
      toCarrier(c, b);
    }
  }

  /** Whether every packet of the burst is within the carrier's MTU; OC0 knows its own by path. */
  private boolean fits(int carrier, Burst b) {
    int payload = b.segmentBytes() == 0 ? b.payloadBytes() : b.segmentBytes();
    return carrier == Carriers.UNDERLAY || b.headerBytes() + payload <= carriers.mtu(carrier);
  }

  private void toUnderlay(Burst b, long nowNs) {
    DropReason why = nat.outbound(b, CLIENT, nowNs);
    if (why != null) {
      Rewrite.destination(b, key.dstHi, key.dstLo, key.dport());
      refusals.refuse(why, b, nowNs);
      return;
    }
    int pathMtu = effects.toUnderlay(b);
    if (pathMtu > 0) {
      Rewrite.source(b, key.srcHi, key.srcLo, key.sport());
      Rewrite.destination(b, key.dstHi, key.dstLo, key.dport());
      refusals.tooBig(b, pathMtu, nowNs);
      return;
    }
    carriers.sent(Carriers.UNDERLAY, b);
  }

  private void toCarrier(int carrier, Burst b) {
    if (fits(carrier, b)) {
      carriers.sent(carrier, b);
      effects.toCarrier(carrier, b);
    } else if (Fragmenter.mayCut(b) && fragmenter.begin(b, carriers.mtu(carrier))) {
      while (fragmenter.next(piece)) {
        carriers.sent(carrier, piece);
        effects.toCarrier(carrier, piece);
      }
    } else {
      refusals.drop(DropReason.TOO_BIG, b);
    }
  }

  private void sendFragment(Burst b, long nowNs) {
    int f = fragments.outbound(b, nowNs);
    if (f < 0 || !flows.usable(map.carrier[f])) {
      refusals.drop(DropReason.FRAGMENT, b);
      return;
    }
    int c = map.carrier[f];
    if (c == Carriers.UNDERLAY) {
      // The first one has been refused by the translator, for which fragments have no ports.
      refusals.drop(DropReason.FRAGMENT, b);
      return;
    }
    if (!fits(c, b) && !Fragmenter.mayCut(b)) {
      refusals.tooBig(b, carriers.mtu(c), nowNs);
      return;
    }
    map.outbound(f, b, nowNs);
    if (map.fake[f] >= 0) {
      Rewrite.destination(b, map.realHi[f], map.realLo[f], 0);
    }
    toCarrier(c, b);
  }

  /** An ICMP error of this host about a packet that it received by a carrier. */
  private void sendError(Burst b, long nowNs) {
    int f = errors.outbound(b, key);
    if (f < 0) {
      refusals.drop(DropReason.NO_FLOW, b);
      return;
    }
    int c = map.carrier[f];
    if (!flows.usable(c)) {
      refusals.drop(DropReason.NO_CARRIER, b);
    } else if (c != Carriers.UNDERLAY) {
      toCarrier(c, b);
    } else {
      DropReason why = nat.outbound(b, CLIENT, nowNs);
      if (why != null) {
        refusals.drop(why, b);
      } else if (effects.toUnderlay(b) == 0) {
        carriers.sent(c, b);
      } else {
        refusals.drop(DropReason.TOO_BIG, b);
      }
    }
  }
}
