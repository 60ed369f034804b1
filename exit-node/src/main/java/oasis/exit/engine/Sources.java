// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.Arrays;
import oasis.flow.FlowTable;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Prefix;

/**
 * Maps each (client endpoint, inner source address) to an address of its own, 1:1, so that clients
 * with the same inner address do not collide in the kernel. A mapping is kept while a flow holds it
 * and {@link #IDLE_NS} longer; when addresses run out, the one idle for longest is taken back
 * early, never one that is held. Freed addresses go to the end of the queue. Confined to the data
 * loop.
 */
final class Sources {
  /** How long a source without flows keeps its address. */
  static final long IDLE_NS = 300_000_000_000L;

  /** Most mapped addresses; what of the pool is used. */
  static final int MAX_ADDRESSES = 65_536;

  /** The first addresses of the pool: the network's, and the TUN device's own. */
  private static final int RESERVED = 2;

  private static final int NONE = -1;

  private final FlowTable table;
  private final FlowKey key = new FlowKey();
  private final long firstLo;
  private final int[] byAddress;
  private final int[] freeRing;
  private int freeHead;
  private int freeCount;

  private final int[] client;
  private final int[] address;
  private final int[] holds;
  private final long[] idleSinceNs;
  private final int[] older;
  private final int[] newer;
  private int oldestIdle = NONE;
  private int newestIdle = NONE;

  Sources(Prefix pool, int capacity, long seed) {
    long usable = (1L << 32 - pool.bits()) - RESERVED - 1; // nor the last: a broadcast to some
    int addresses = (int) Math.min(usable, MAX_ADDRESSES);
    // Somewhere in the pool: after a restart the kernel may still know flows of the last run.
    firstLo = pool.lo() + RESERVED + Math.floorMod(seed, usable - addresses + 1);
    int size = Math.min(capacity, addresses);
    table = new FlowTable(size, seed);
    byAddress = new int[addresses];
    Arrays.fill(byAddress, NONE);
    freeRing = new int[addresses];
    for (int i = 0; i < addresses; i++) {
      freeRing[i] = i;
    }
    freeCount = addresses;
    client = new int[size];
    address = new int[size];
    holds = new int[size];
    idleSinceNs = new long[size];
    older = new int[size];
    newer = new int[size];
  }

  /** The slot of an inner address behind an endpoint, or -1. */
  int find(long hi, long lo, int port, long innerLo) {
    return table.find(key.set(hi, lo, 0, innerLo, Ip.UDP, port, 0));
  }

  /** The slot of a mapped address, or -1. */
  int byMapped(long lo) {
    long index = lo - firstLo;
    return index >= 0 && index < byAddress.length ? byAddress[(int) index] : NONE;
  }

  /** Whether {@link #add} would fail: no room, and every source is held. */
  boolean exhausted() {
    return (table.size() == table.capacity() || freeCount == 0) && oldestIdle == NONE;
  }

  /** A source whose address has to be taken back before {@link #add}, or -1. */
  int toEvict() {
    return table.size() == table.capacity() || freeCount == 0 ? oldestIdle : NONE;
  }

  /** Takes in an absent source, without flows; there must be room. */
  int add(long hi, long lo, int port, long innerLo, int ofClient, long nowNs) {
    int source = table.insert(key.set(hi, lo, 0, innerLo, Ip.UDP, port, 0));
    if (source < 0) {
      throw new IllegalStateException("no room for a source");
    }
    address[source] = freeRing[freeHead];
    freeHead = (freeHead + 1) % freeRing.length;
    freeCount--;
    byAddress[address[source]] = source;
    client[source] = ofClient;
    holds[source] = 0;
    becomeIdle(source, nowNs);
    return source;
  }

  /** Forgets a source that no flow holds. */
  void remove(int source) {
    leaveIdle(source);
    byAddress[address[source]] = NONE;
    freeRing[(freeHead + freeCount) % freeRing.length] = address[source];
    freeCount++;
    table.remove(source);
  }

  void hold(int source) {
    if (holds[source]++ == 0) {
      leaveIdle(source);
    }
  }

  void release(int source, long nowNs) {
    if (--holds[source] == 0) {
      becomeIdle(source, nowNs);
    }
  }

  boolean held(int source) {
    return holds[source] > 0;
  }

  /** A source that has been idle for too long, or -1. */
  int expired(long nowNs) {
    return oldestIdle != NONE && nowNs - idleSinceNs[oldestIdle] >= IDLE_NS ? oldestIdle : NONE;
  }

  /** When {@link #expired} will find one; Long.MAX_VALUE for never. */
  long nextDeadlineNs() {
    return oldestIdle == NONE ? Long.MAX_VALUE : idleSinceNs[oldestIdle] + IDLE_NS;
  }

  int client(int source) {
    return client[source];
  }

  /** Low half of the mapped address. */
  long mappedLo(int source) {
    return firstLo + address[source];
  }

  /** Reads endpoint (source) and inner address (destination). */
  void key(int source, FlowKey into) {
    table.key(source, into);
  }

  int size() {
    return table.size();
  }

  private void becomeIdle(int source, long nowNs) {
    idleSinceNs[source] = nowNs;
    older[source] = newestIdle;
    newer[source] = NONE;
    if (newestIdle == NONE) {
      oldestIdle = source;
    } else {
      newer[newestIdle] = source;
    }
    newestIdle = source;
  }

  private void leaveIdle(int source) {
    if (older[source] == NONE) {
      oldestIdle = newer[source];
    } else {
      newer[older[source]] = newer[source];
    }
    if (newer[source] == NONE) {
      newestIdle = older[source];
    } else {
      older[newer[source]] = older[source];
    }
  }
}
