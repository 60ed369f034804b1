// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import oasis.packet.Burst;
import oasis.packet.Ip;
import oasis.packet.Rewrite;
import oasis.packet.Tcp;

/**
 * Keeps TCP's segments within what the carrier takes, both ways, by the maximum segment size that
 * SYN and SYN-ACK announce (RFC 9293 section 3.7.1). Confined to the data loop.
 */
final class SegmentSizes {
  private final Carriers carriers;
  private final Effects effects;

  SegmentSizes(Carriers carriers, Effects effects) {
    this.carriers = carriers;
    this.effects = effects;
  }

  /**
   * Lowers what a SYN announces; all else is left alone.
   *
   * @param b no later fragment
   * @param realHi high half of the connection's far end
   * @param realLo low half
   */
  void limit(int carrier, Burst b, long realHi, long realLo) {
    if (b.protocol() != Ip.TCP || (Tcp.flags(b.buffer(), b.transport()) & Tcp.SYN) == 0) {
      return;
    }
    int mtu = carriers.mtu(carrier);
    if (carrier == Carriers.UNDERLAY) {
      int path = effects.underlayMtu(realHi, realLo);
      mtu = path > 0 ? Math.min(mtu, path) : mtu;
    }
    int headers = (b.version() == 4 ? Ip.V4_BYTES : Ip.V6_BYTES) + Tcp.BYTES;
    Rewrite.clampMss(b, mtu - headers);
  }
}
