// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import oasis.flow.NatEngine;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Fragmenter;
import oasis.packet.Ip;
import oasis.packet.Rewrite;
import oasis.packet.Tcp;
import oasis.packet.TcpEdit;

/**
 * The last part of the way out: the real address for the fake, then the carrier of the flow, in
 * pieces where it must be. Confined to the data loop; nothing here allocates.
 */
final class Forwarder {
  private static final int CLIENT = 0;

  private final FlowMap map;
  private final Carriers carriers;
  private final SegmentSizes sizes;
  private final Refusals refusals;
  private final NatEngine nat;
  private final Effects effects;
  private final Fragmenter fragmenter = new Fragmenter();
  private final Burst piece = new Burst();

  Forwarder(
      FlowMap map,
      Carriers carriers,
      SegmentSizes sizes,
      Refusals refusals,
      NatEngine nat,
      Effects effects) {
    this.map = map;
    this.carriers = carriers;
    this.sizes = sizes;
    this.refusals = refusals;
    this.nat = nat;
    this.effects = effects;
  }

  /**
   * Sends a burst of a flow; a refusal goes to its program.
   *
   * @param b no later fragment, with the addresses that the program uses
   * @param key the flow's outbound key
   */
  void forward(int f, Burst b, FlowKey key, long nowNs) {
    int c = map.carrier[f];
    sizes.limit(c, b, map.realHi[f], map.realLo[f]);
    if (map.fake[f] >= 0) {
      Rewrite.destination(b, map.realHi[f], map.realLo[f], key.dport());
    }
    if (c == Carriers.UNDERLAY) {
      toUnderlay(f, b, key, nowNs);
    } else {
      toCarrier(c, b);
    }
  }

  /** Whether every packet of the burst is within the carrier's MTU; OC0 knows its own by path. */
  boolean fits(int carrier, Burst b) {
    int payload = b.segmentBytes() == 0 ? b.payloadBytes() : b.segmentBytes();
    return carrier == Carriers.UNDERLAY || b.headerBytes() + payload <= carriers.mtu(carrier);
  }

  private void toUnderlay(int f, Burst b, FlowKey key, long nowNs) {
    DropReason why = nat.outbound(b, CLIENT, nowNs);
    if (why != null) {
      Rewrite.destination(b, key.dstHi, key.dstLo, key.dport());
      if (b.protocol() == Ip.TCP) {
        // A reset must carry the number that the program itself acknowledged last.
        TcpEdit.acknowledgment(b, map.lastAck[f], Tcp.window(b.buffer(), b.transport()));
      }
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

  /** Sends a burst, with real addresses, to a carrier's entry node. */
  void toCarrier(int carrier, Burst b) {
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
}
