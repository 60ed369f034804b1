// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;

/**
 * Remembers which flow the first fragment of a datagram belongs to, for the later fragments, which
 * have no ports. They follow within moments and in order, so a short ring is enough; a later
 * fragment that is not found belongs to no known flow. A datagram is known by its addresses and
 * identification, for IPv4 also by its protocol (RFC 791 section 3.2, RFC 8200 section 4.5).
 * Confined to the data loop.
 */
final class Fragments {
  private static final int SIZE = 64;
  private static final long LIFE_NS = 5_000_000_000L;

  private final FlowMap map;
  private final long[] srcHi = new long[SIZE];
  private final long[] srcLo = new long[SIZE];
  private final long[] dstHi = new long[SIZE];
  private final long[] dstLo = new long[SIZE];
  private final long[] datagram = new long[SIZE];
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
    srcHi[next] = Ip.srcHi(first.buffer(), first.start());
    srcLo[next] = Ip.srcLo(first.buffer(), first.start());
    dstHi[next] = Ip.dstHi(first.buffer(), first.start());
    dstLo[next] = Ip.dstLo(first.buffer(), first.start());
    datagram[next] = datagram(first);
    flow[next] = ofFlow;
    notedNs[next] = nowNs;
    next = (next + 1) % SIZE;
    used = Math.min(used + 1, SIZE);
  }

  /** Flow of a later fragment that a program sent, or {@link FlowMap#NONE}. */
  int outbound(Burst later, long nowNs) {
    int i = find(later, nowNs);
    if (i < 0) {
      return FlowMap.NONE;
    }
    map.key(flow[i], key);
    boolean same = at(i, key.srcHi, key.srcLo, key.dstHi, key.dstLo);
    return same ? flow[i] : FlowMap.NONE;
  }

  /** Flow of a later fragment that came from the network, or {@link FlowMap#NONE}. */
  int inbound(Burst later, long nowNs) {
    int i = find(later, nowNs);
    if (i < 0) {
      return FlowMap.NONE;
    }
    int f = flow[i];
    map.key(f, key);
    boolean same = at(i, map.realHi[f], map.realLo[f], key.srcHi, key.srcLo);
    return same ? f : FlowMap.NONE;
  }

  /** The flow's number may mean another flow by now, so its addresses are compared, too. */
  private boolean at(int i, long sHi, long sLo, long dHi, long dLo) {
    return srcLo[i] == sLo && dstLo[i] == dLo && srcHi[i] == sHi && dstHi[i] == dHi;
  }

  /** Index in the ring, or -1; the newest of equals, since a sender's numbers come round again. */
  private int find(Burst later, long nowNs) {
    long sHi = Ip.srcHi(later.buffer(), later.start());
    long sLo = Ip.srcLo(later.buffer(), later.start());
    long dHi = Ip.dstHi(later.buffer(), later.start());
    long dLo = Ip.dstLo(later.buffer(), later.start());
    long id = datagram(later);
    for (int back = 1; back <= used; back++) {
      int i = (next - back + SIZE) % SIZE;
      if (datagram[i] == id
          && at(i, sHi, sLo, dHi, dLo)
          && nowNs - notedNs[i] < LIFE_NS
          && map.exists(flow[i])) {
        return i;
      }
    }
    return -1;
  }

  private static long datagram(Burst b) {
    long id = b.fragmentId() & 0xffff_ffffL;
    return b.version() == 4 ? id << 8 | b.protocol() : id;
  }
}
