// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import oasis.flow.FlowTable;
import oasis.flow.SlotList;
import oasis.packet.FlowKey;
import oasis.packet.Ip;

/**
 * The sources: each (client endpoint, inner source address) is one. A source is kept while a flow
 * holds it and {@link #IDLE_NS} longer; when there are too many, the one idle for longest goes
 * early, never one that is held. Confined to the data loop.
 */
final class Sources {
  /** How long a source without flows is kept. */
  static final long IDLE_NS = 300_000_000_000L;

  private static final int NONE = -1;

  private final FlowTable table;
  private final FlowKey key = new FlowKey();
  private final SlotList idle = new SlotList();
  private final int[] client;
  private final int[] holds;
  private final long[] idleSinceNs;

  Sources(int capacity, long seed) {
    table = new FlowTable(capacity, seed);
    client = new int[capacity];
    holds = new int[capacity];
    idleSinceNs = new long[capacity];
  }

  /** The slot of an inner address behind an endpoint, or -1. */
  int find(FlowKey endpoint, long innerHi, long innerLo) {
    return table.find(keyOf(endpoint, innerHi, innerLo));
  }

  private FlowKey keyOf(FlowKey endpoint, long innerHi, long innerLo) {
    return key.set(endpoint.srcHi, endpoint.srcLo, innerHi, innerLo, Ip.UDP, endpoint.sport(), 0);
  }

  /** Whether {@link #add} would fail: no room, and every source is held. */
  boolean exhausted() {
    return full() && idle.first() == NONE;
  }

  /** A source that has to go before {@link #add}, or -1. */
  int toEvict() {
    return full() ? idle.first() : NONE;
  }

  private boolean full() {
    return table.size() == table.capacity();
  }

  /** Takes in an absent source, without flows; there must be room. */
  int add(FlowKey endpoint, long innerHi, long innerLo, int ofClient, long nowNs) {
    int source = table.insert(keyOf(endpoint, innerHi, innerLo));
    if (source < 0) {
      throw new IllegalStateException("no room for a source");
    }
    client[source] = ofClient;
    holds[source] = 0;
    becomeIdle(source, nowNs);
    return source;
  }

  /** Forgets a source that no flow holds. */
  void remove(int source) {
    idle.remove(source);
    table.remove(source);
  }

  void hold(int source) {
    if (holds[source]++ == 0) {
      idle.remove(source);
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
    int oldest = idle.first();
    return oldest != NONE && nowNs - idleSinceNs[oldest] >= IDLE_NS ? oldest : NONE;
  }

  /** When {@link #expired} will find one; Long.MAX_VALUE for never. */
  long nextDeadlineNs() {
    int oldest = idle.first();
    return oldest == NONE ? Long.MAX_VALUE : idleSinceNs[oldest] + IDLE_NS;
  }

  int client(int source) {
    return client[source];
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
    idle.addLast(source);
  }
}
