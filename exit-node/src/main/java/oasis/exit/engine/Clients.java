// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import oasis.flow.FlowTable;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;

/**
 * The client endpoints (UDP address and port) that have a source, with their counters. A client
 * lives as long as one of its inner source addresses. Confined to the data loop.
 */
final class Clients {
  private static final DropReason[] REASONS = DropReason.values();

  private final FlowTable table;
  private final FlowKey key = new FlowKey();
  private final int[] sources;
  private final long[] outPkts;
  private final long[] outBytes;
  private final long[] inPkts;
  private final long[] inBytes;
  private final long[] drops;

  Clients(int capacity, long seed) {
    table = new FlowTable(capacity, seed);
    sources = new int[capacity];
    outPkts = new long[capacity];
    outBytes = new long[capacity];
    inPkts = new long[capacity];
    inBytes = new long[capacity];
    drops = new long[capacity * REASONS.length];
  }

  /** The slot of an endpoint, or -1. */
  int find(long hi, long lo, int port) {
    return table.find(key.set(hi, lo, 0, 0, Ip.UDP, port, 0));
  }

  /** Takes in an absent endpoint; -1 when full. */
  int add(long hi, long lo, int port) {
    int client = table.insert(key.set(hi, lo, 0, 0, Ip.UDP, port, 0));
    if (client >= 0) {
      sources[client] = 0;
      outPkts[client] = 0;
      outBytes[client] = 0;
      inPkts[client] = 0;
      inBytes[client] = 0;
      for (int i = 0; i < REASONS.length; i++) {
        drops[client * REASONS.length + i] = 0;
      }
    }
    return client;
  }

  /** Reads the endpoint: source address and source port of the key. */
  void endpoint(int client, FlowKey into) {
    table.key(client, into);
  }

  int sources(int client) {
    return sources[client];
  }

  void addSource(int client) {
    sources[client]++;
  }

  /** Forgets a source, and the client with its last one. */
  void removeSource(int client) {
    if (--sources[client] == 0) {
      table.remove(client);
    }
  }

  void countOut(int client, int pkts, long bytes) {
    outPkts[client] += pkts;
    outBytes[client] += bytes;
  }

  void countIn(int client, int pkts, long bytes) {
    inPkts[client] += pkts;
    inBytes[client] += bytes;
  }

  @SuppressWarnings("EnumOrdinal") // An EnumMap would box every count.
  void countDrop(int client, DropReason why, int pkts) {
    drops[client * REASONS.length + why.ordinal()] += pkts;
  }

  int size() {
    return table.size();
  }

  int next(int from) {
    return table.nextUsed(from);
  }

  /**
   * @param flows its live flows
   */
  ClientInfo info(int client, int flows) {
    table.key(client, key);
    return new ClientInfo(
        Snapshots.endpoint(key.srcHi, key.srcLo, key.sport()),
        sources[client],
        flows,
        outPkts[client],
        outBytes[client],
        inPkts[client],
        inBytes[client],
        Snapshots.drops(drops, client * REASONS.length));
  }
}
