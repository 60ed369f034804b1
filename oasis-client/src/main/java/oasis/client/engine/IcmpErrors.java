// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Icmp;
import oasis.packet.IcmpInner;
import oasis.packet.Ip;
import oasis.packet.Rewrite;

/**
 * Carries ICMP errors of translated flows: the packet quoted inside is translated as the flow's own
 * packets are (RFC 5508 section 4). Redirects, by which a carrier could change the host's routes,
 * are about no flow. Confined to the data loop.
 */
final class IcmpErrors {
  private final FlowMap map;
  private final FlowKey scratch = new FlowKey();

  IcmpErrors(FlowMap map) {
    this.map = map;
  }

  /**
   * The flow that an error from the network is about: it quotes a packet that this host sent.
   *
   * @param key overwritten
   * @return the flow, or {@link FlowMap#NONE}
   */
  int findInbound(Burst error, FlowKey key) {
    if (!Icmp.isPathError(error) || !IcmpInner.read(error, key)) {
      return FlowMap.NONE;
    }
    return map.findInbound(key.reverse());
  }

  /** Translates an error from the network about flow {@code f} into what its program sent. */
  void inbound(int f, Burst error) {
    if (map.fake[f] < 0) {
      return;
    }
    map.key(f, scratch);
    boolean fromDestination =
        Ip.srcLo(error.buffer(), error.start()) == map.realLo[f]
            && Ip.srcHi(error.buffer(), error.start()) == map.realHi[f];
    IcmpInner.destination(error, scratch.dstHi, scratch.dstLo, scratch.dport());
    if (fromDestination) {
      Rewrite.source(error, scratch.dstHi, scratch.dstLo, 0);
    }
  }

  /**
   * Translates an error that this host sends about a packet it received: real addresses for fakes.
   *
   * @param key overwritten
   * @return the flow, or {@link FlowMap#NONE}: then the error is about none, or to another host
   *     than the one that sent the packet
   */
  int outbound(Burst error, FlowKey key) {
    if (!Icmp.isPathError(error) || !IcmpInner.read(error, key)) {
      return FlowMap.NONE;
    }
    int f = map.findOutbound(key.reverse());
    if (f < 0
        || Ip.dstLo(error.buffer(), error.start()) != key.dstLo
        || Ip.dstHi(error.buffer(), error.start()) != key.dstHi) {
      return FlowMap.NONE;
    }
    if (map.fake[f] >= 0) {
      IcmpInner.source(error, map.realHi[f], map.realLo[f], key.dport());
      Rewrite.destination(error, map.realHi[f], map.realLo[f], 0);
    }
    return f;
  }
}
