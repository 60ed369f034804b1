// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.function.IntUnaryOperator;
import oasis.flow.FlowTable;
import oasis.flow.SlotList;
import oasis.flow.StateException;
import oasis.flow.StateReader;
import oasis.flow.StateWriter;
import oasis.packet.Addresses;
import oasis.packet.FlowKey;

/**
 * The sources: each (client, inner source address) is one. A source is kept while a flow holds it
 * and {@link #IDLE_NS} longer; when there are too many, the one idle for longest goes early, never
 * one that is held. Confined to the data loop.
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

  /** The slot of an inner address behind a client's slot, or -1. */
  int find(int ofClient, long innerHi, long innerLo) {
    return table.find(keyOf(ofClient, innerHi, innerLo));
  }

  private FlowKey keyOf(int ofClient, long innerHi, long innerLo) {
    return key.set(0, ofClient, innerHi, innerLo, 0, 0, 0);
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
  int add(int ofClient, long innerHi, long innerLo, long nowNs) {
    int source = table.insert(keyOf(ofClient, innerHi, innerLo));
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

  /** Lets the time of a source that no flow holds begin again: a packet of it was relayed. */
  void touch(int source, long nowNs) {
    if (holds[source] == 0) {
      idle.remove(source);
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

  /** Reads the inner address as destination. */
  void inner(int source, FlowKey into) {
    table.key(source, into);
  }

  /** Whether the inner address is of IPv4. */
  boolean isV4(int source) {
    table.key(source, key);
    return Addresses.isV4(key.dstHi, key.dstLo);
  }

  int size() {
    return table.size();
  }

  private void becomeIdle(int source, long nowNs) {
    idleSinceNs[source] = nowNs;
    idle.addLast(source);
  }

  /** Writes all sources, those that are idle in the order in which they became so. */
  void write(StateWriter out) {
    out.section("sources");
    out.putInt(table.size());
    for (int source = table.nextUsed(0); source >= 0; source = table.nextUsed(source + 1)) {
      if (held(source)) {
        write(source, out.nowNs(), out);
      }
    }
    for (int source = idle.first(); source != NONE; source = idle.after(source)) {
      write(source, idleSinceNs[source], out);
    }
  }

  private void write(int source, long sinceNs, StateWriter out) {
    out.putInt(source);
    out.putInt(client[source]);
    table.key(source, key);
    out.putLong(key.dstHi);
    out.putLong(key.dstLo);
    out.putTime(sinceNs);
  }

  /**
   * Takes written sources in, all idle; the flows that hold them follow.
   *
   * @param clients the number here of a client with another number there
   * @return the sources' numbers here by those there
   */
  Renumbering restore(StateReader in, IntUnaryOperator clients) throws StateException {
    in.section("sources");
    int count = in.takeInt("number of sources", 0, table.capacity());
    Renumbering numbers = new Renumbering();
    for (int i = 0; i < count; i++) {
      int there = in.takeInt("source", 0, Renumbering.MOST);
      int of = clients.applyAsInt(in.takeInt("client", 0, Renumbering.MOST));
      keyOf(of, in.takeLong(), in.takeLong());
      long sinceNs = in.takePast("idle since");
      if (of < 0 || table.find(key) >= 0) {
        throw in.fail(of < 0 ? "a source has no client" : "a source is there twice");
      }
      int source = table.insert(key);
      if (!numbers.add(there, source)) {
        throw in.fail("two sources have one number");
      }
      client[source] = of;
      holds[source] = 0;
      becomeIdle(source, sinceNs);
    }
    return numbers;
  }

  /** The first source at or behind {@code from}, or -1. */
  int next(int from) {
    return table.nextUsed(from);
  }
}
