// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.util.Arrays;
import oasis.packet.FlowKey;

/**
 * The hosts that each mapping has sessions with, whatever the port: who may send to it when
 * filtering is address-dependent. Memory grows by doubling. Confined to one thread.
 */
final class NatPeers {
  private final FlowTable table;
  private final FlowKey key = new FlowKey();
  private int[] sessions = new int[0];

  NatPeers(int capacity, long seed) {
    table = new FlowTable(capacity, seed);
  }

  boolean contains(int mapping, int protocol, long hi, long lo) {
    return find(mapping, protocol, hi, lo) >= 0;
  }

  private int find(int mapping, int protocol, long hi, long lo) {
    return table.find(key.set(hi, lo, 0, mapping, protocol, 0, 0));
  }

  /** A session of the mapping with a host begins. */
  void add(int mapping, int protocol, long hi, long lo) {
    int slot = find(mapping, protocol, hi, lo);
    if (slot < 0) {
      slot = table.insert(key);
      if (slot >= sessions.length) {
        sessions = Arrays.copyOf(sessions, Math.max(16, Integer.highestOneBit(slot) << 1));
      }
      sessions[slot] = 0;
    }
    sessions[slot]++;
  }

  /** A session ends that was added. */
  void remove(int mapping, int protocol, long hi, long lo) {
    int slot = find(mapping, protocol, hi, lo);
    if (--sessions[slot] == 0) {
      table.remove(slot);
    }
  }
}
