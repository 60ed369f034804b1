// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;

/**
 * Remembers which flow the first fragment of a datagram belongs to, for the later fragments, which
 * have no ports. They follow within moments and in order, so a short ring is enough; a later
 * fragment that is not found belongs to no known flow. IPv4 only. Confined to the data loop.
 */
final class Fragments {
  private static final int SIZE = 64;
  private static final long LIFE_NS = 5_000_000_000L;

  private final FlowMap map;
  private final long[] addresses = new long[SIZE];
  private final int[] datagram = new int[SIZE];
  private final int[] flow = new int[SIZE];
  private final long[] notedNs = new long[SIZE];
  private final FlowKey key = new FlowKey();
  private int next;
  private int used;

  Fragments(FlowMap map) {
    this.map = map;
  }

  /** Notes a first fragment, as it came: before its addresses are translated. */
  void note(Burst first, int ofFlow, long nowNs) {
    if (first.version() != 4) {
      return;
    }
    addresses[next] = addresses(first);
    datagram[next] = datagram(first);
    flow[next] = ofFlow;
    notedNs[next] = nowNs;
    next = (next + 1) % SIZE;
    used = Math.min(used + 1, SIZE);
  }

  /** Flow of a later fragment that a program sent, or {@link FlowMap#NONE}. */
  int outbound(Burst later, long nowNs) {
    int f = find(later, nowNs);
    if (f != FlowMap.NONE) {
      map.key(f, key);
      if (pair(key.srcLo, key.dstLo) == addresses(later)) {
        return f;
      }
    }
    return FlowMap.NONE;
  }

  /** Flow of a later fragment that came from the network, or {@link FlowMap#NONE}. */
  int inbound(Burst later, long nowNs) {
    int f = find(later, nowNs);
    if (f != FlowMap.NONE) {
      map.key(f, key);
      if (pair(map.realLo[f], key.srcLo) == addresses(later)) {
        return f;
      }
    }
    return FlowMap.NONE;
  }

  /** The caller compares addresses, since the flow's number may mean another flow by now. */
  private int find(Burst later, long nowNs) {
    if (later.version() != 4) {
      return FlowMap.NONE;
    }
    long pair = addresses(later);
    int id = datagram(later);
    for (int i = 0; i < used; i++) {
      if (addresses[i] == pair
          && datagram[i] == id
          && nowNs - notedNs[i] < LIFE_NS
          && map.exists(flow[i])) {
        return flow[i];
      }
    }
    return FlowMap.NONE;
  }

  private static long addresses(Burst b) {
    return pair(Ip.srcLo(b.buffer(), b.start()), Ip.dstLo(b.buffer(), b.start()));
  }

  private static long pair(long src, long dst) {
    return src << 32 | dst & 0xffff_ffffL;
  }

  private static int datagram(Burst b) {
    return Ip.id4(b.buffer(), b.start()) << 8 | b.protocol();
  }
}
