// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import oasis.flow.NatEngine;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Fragmenter;
import oasis.packet.Icmp;
import oasis.packet.Rewrite;
import oasis.packet.Tcp;

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
  private final Forwarder forwarder;
  private final DnsStreams streams;
  private final NatEngine nat;
  private final Effects effects;
  private final FlowKey key = new FlowKey();

  Outbound(
      Flows flows,
      Fragments fragments,
      Forwarder forwarder,
      DnsFaker dns,
      DnsStreams streams,
      Refusals refusals,
      NatEngine nat,
      Effects effects) {
    this.flows = flows;
    this.map = flows.map;
    this.carriers = flows.carriers;
    this.fragments = fragments;
    this.forwarder = forwarder;
    this.streams = streams;
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
    if (DnsFaker.isQuery(key) && !b.fragment() && dns.answers(b, key, flows.policy())) {
      return;
    }
    int f = flows.of(b, key, nowNs);
    if (f >= 0 && DnsStreams.isQuery(key) && Tcp.isFirst(Tcp.flags(b))) {
      f = streams.begin(f, b, key, flows.policy(), nowNs);
    }
    if (f >= 0) {
      if (b.fragment()) {
        fragments.note(b, f, nowNs);
      }
      forward(f, b, nowNs);
    }
  }

  private void forward(int f, Burst b, long nowNs) {
    int c = map.carrier[f];
    if (!forwarder.fits(c, b) && !Fragmenter.mayCut(b)) {
      refusals.tooBig(b, carriers.mtu(c), nowNs);
      return;
    }
    map.outbound(f, b, nowNs);
    if (!streams.has(f) || streams.outbound(f, b, nowNs)) {
      forwarder.forward(f, b, key, nowNs);
    }
  }

  private void sendFragment(Burst b, long nowNs) {
    int f = fragments.outbound(b, nowNs);
    if (f < 0 || !flows.usable(map.carrier[f])) {
      refusals.drop(DropReason.FRAGMENT, b);
      return;
    }
    int c = map.carrier[f];
    if (!forwarder.fits(c, b) && !Fragmenter.mayCut(b)) {
      refusals.tooBig(b, carriers.mtu(c), nowNs);
      return;
    }
    map.outbound(f, b, nowNs);
    if (map.fake[f] >= 0) {
      Rewrite.destination(b, map.realHi[f], map.realLo[f], 0);
    }
    if (c == Carriers.UNDERLAY) {
      translate(b, nowNs);
    } else {
      forwarder.toCarrier(c, b);
    }
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
      forwarder.toCarrier(c, b);
    } else {
      translate(b, nowNs);
    }
  }

  /** Sends by OC0 what is no answer worth when it cannot go. */
  private void translate(Burst b, long nowNs) {
    DropReason why = nat.outbound(b, CLIENT, nowNs);
    if (why != null) {
      refusals.drop(why, b);
    } else if (effects.toUnderlay(b) == 0) {
      carriers.sent(Carriers.UNDERLAY, b);
    } else {
      refusals.drop(DropReason.TOO_BIG, b);
    }
  }
}
