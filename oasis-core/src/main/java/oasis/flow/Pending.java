// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * Flows that are pending ({@link NatState#pending}), client by client in the order in which they
 * began to be; and which client has most of them, exactly and at once: clients are listed by their
 * number of flows, which changes by one each time.
 *
 * <p>Every call but {@link #forEach} takes constant time. Memory grows by doubling with the highest
 * slot, client and number; nothing else is allocated. Confined to one thread.
 */
final class Pending {
  private static final int NONE = -1;

  /** A list per client. */
  private final SlotList flows = new SlotList(0);

  /** A list of clients per number of flows. */
  private final SlotList clients = new SlotList(0);

  private int[] counts = new int[0];
  private int most;

  void add(int client, int slot) {
    flows.addLast(client, slot);
    if (client >= counts.length) {
      counts = Arrays.copyOf(counts, Math.max(16, Integer.highestOneBit(client) << 1));
    }
    rank(client, counts[client] + 1);
    most = Math.max(most, counts[client]);
  }

  void remove(int client, int slot) {
    flows.remove(client, slot);
    rank(client, counts[client] - 1);
    if (clients.first(most) < 0) {
      // Whoever had most has one less now, unless that is none.
      most--;
    }
  }

  private void rank(int client, int count) {
    if (counts[client] > 0) {
      clients.remove(counts[client], client);
    }
    counts[client] = count;
    if (count > 0) {
      clients.addLast(count, client);
    }
  }

  /** How many a client has. */
  int count(int client) {
    return client < counts.length ? counts[client] : 0;
  }

  /** How many the client with most of them has. */
  int most() {
    return most;
  }

  /** The oldest one of the client that has had most for longest, or -1. */
  int oldestOfMost() {
    int client = clients.first(most);
    return client < 0 ? NONE : flows.first(client);
  }

  /** All, in an order in which adding them makes the same lists again. */
  void forEach(IntConsumer each) {
    for (int count = 1; count <= most; count++) {
      for (int client = clients.first(count); client >= 0; client = clients.after(client)) {
        for (int slot = flows.first(client); slot >= 0; slot = flows.after(slot)) {
          each.accept(slot);
        }
      }
    }
  }
}
