// SPDX-License-Identifier: Apache-2.0
package oasis.link;

import java.util.Arrays;

/**
 * The queues inside of the classes: one for each client of each class, first in, first out, under
 * {@link CoDel}. Those of a class that hold something are served by deficit round robin (Shreedhar
 * and Varghese, SIGCOMM 1995, in the form of RFC 8290 section 4.2); one whose client has used up
 * its rate leaves the round until it may go on.
 *
 * <p>Confined to one thread; allocates nothing once it has grown.
 */
final class ClientQueues {
  static final int NONE = -1;

  /** What a turn gives at least: a full packet. */
  private static final int MIN_QUANTUM_BYTES = 1514;

  private final int clients;
  private final Slots slots;
  private final CoDel codel;
  private final long[] clientRate; // of each class
  private final int[] quantum;

  // Of each class: the round.
  private final int[] head;
  private final int[] tail;

  // Of each queue.
  private final int[] follower; // in the round
  private final boolean[] listed; // in the round, or asleep
  private final int[] first;
  private final int[] last;
  private final long[] bytes;
  private final int[] blocks;
  private final int[] largest;
  private final int[] deficit;
  private final long[] nextNs;

  private final WakeHeap asleep = new WakeHeap();

  ClientQueues(QueueSettings settings, int clients, Slots slots, long nowNs) {
    int classes = settings.classes().size();
    int queues = classes * clients;
    this.clients = clients;
    this.slots = slots;
    codel = new CoDel(queues, new Lengths());
    clientRate =
        settings.classes().stream().mapToLong(ClassSettings::clientBitsPerSecond).toArray();
    quantum = new int[classes];
    for (int c = 0; c < classes; c++) {
      quantum[c] = Math.max(MIN_QUANTUM_BYTES, Math.min(1 << 16, settings.chunkBytes(c)));
    }
    head = filled(classes);
    tail = filled(classes);
    follower = filled(queues);
    listed = new boolean[queues];
    first = filled(queues);
    last = filled(queues);
    bytes = new long[queues];
    blocks = new int[queues];
    largest = new int[queues];
    deficit = new int[queues];
    nextNs = new long[queues];
    Arrays.fill(nextNs, nowNs);
  }

  private static int[] filled(int length) {
    int[] array = new int[length];
    Arrays.fill(array, NONE);
    return array;
  }

  /** The queue of a client in a class. */
  int queue(int c, int client) {
    return c * clients + client;
  }

  int classOf(int queue) {
    return queue / clients;
  }

  /** Whether a queue holds nothing and its client may send now. */
  boolean open(int q, long nowNs) {
    return first[q] == NONE && mayGo(q, nowNs);
  }

  private boolean mayGo(int q, long nowNs) {
    return clientRate[classOf(q)] == 0 || nextNs[q] - nowNs <= 0;
  }

  /** Takes bytes that go now from a client's rate. */
  void charge(int q, long sent, boolean waited, long nowNs) {
    long rate = clientRate[classOf(q)];
    if (rate > 0) {
      nextNs[q] = Pace.after(nextNs[q], sent, rate, waited, nowNs);
    }
  }

  /** Blocks that the packets of a queue occupy. */
  int blocks(int q) {
    return blocks[q];
  }

  /** Puts a packet, whose fields are set, at the end of a queue. */
  void add(int q, int slot, long nowNs) {
    slots.next[slot] = NONE;
    if (first[q] == NONE) {
      first[q] = slot;
      nextNs[q] = Pace.begin(nextNs[q], nowNs);
    } else {
      slots.next[last[q]] = slot;
    }
    last[q] = slot;
    bytes[q] += slots.bytes[slot];
    blocks[q] += slots.blocks[slot];
    largest[q] = Math.max(largest[q], slots.bytes[slot]);
    if (!listed[q]) {
      listed[q] = true;
      deficit[q] = quantum[classOf(q)];
      if (mayGo(q, nowNs)) {
        append(classOf(q), q);
      } else {
        sleep(q);
      }
    }
  }

  /** Whether some client of a class may send now, as far as {@link #wake} knows. */
  boolean anyReady(int c) {
    return head[c] != NONE;
  }

  /** Takes clients whose rate lets them go on into the rounds again. */
  void wake(long nowNs) {
    while (!asleep.isEmpty() && asleep.firstNs() - nowNs <= 0) {
      int q = asleep.remove();
      append(classOf(q), q);
    }
  }

  boolean anyAsleep() {
    return !asleep.isEmpty();
  }

  /** When {@link #wake} has something to do; some client must be asleep. */
  long nextWakeNs() {
    return asleep.firstNs();
  }

  /** The next packet of a class, or -1 when none of its clients may send now. */
  int take(int c, long nowNs) {
    while (head[c] != NONE) {
      int q = head[c];
      if (!mayGo(q, nowNs)) {
        removeHead(c);
        sleep(q);
      } else if (deficit[q] <= 0) {
        deficit[q] += quantum[c];
        removeHead(c);
        append(c, q);
      } else {
        int slot = codel.next(q, nowNs);
        if (slot != NONE) {
          deficit[q] -= slots.bytes[slot];
          charge(q, slots.bytes[slot], true, nowNs);
        }
        if (first[q] == NONE) {
          removeHead(c);
          listed[q] = false;
        }
        if (slot != NONE) {
          return slot;
        }
      }
    }
    return NONE;
  }

  /** Takes any packet of a class out, oldest client first, whatever the rates are; -1 for none. */
  int drain(int c) {
    for (int q = c * clients; q < (c + 1) * clients; q++) {
      if (first[q] != NONE) {
        return pop(q);
      }
    }
    return NONE;
  }

  private int pop(int q) {
    int slot = first[q];
    if (slot != NONE) {
      first[q] = slots.next[slot];
      bytes[q] -= slots.bytes[slot];
      blocks[q] -= slots.blocks[slot];
    }
    return slot;
  }

  private void append(int c, int q) {
    follower[q] = NONE;
    if (head[c] == NONE) {
      head[c] = q;
    } else {
      follower[tail[c]] = q;
    }
    tail[c] = q;
  }

  private void removeHead(int c) {
    head[c] = follower[head[c]];
  }

  private void sleep(int q) {
    asleep.add(q, nextNs[q]);
  }

  /** What CoDel sees of the queues. */
  private final class Lengths implements CoDel.Fifo {
    @Override
    public int pop(int queue) {
      return ClientQueues.this.pop(queue);
    }

    @Override
    public long sinceNs(int slot) {
      return slots.sinceNs[slot];
    }

    @Override
    public long bytes(int queue) {
      return bytes[queue];
    }

    @Override
    public int largest(int queue) {
      return largest[queue];
    }

    @Override
    public void drop(int slot) {
      slots.dropLate(slot);
    }

    @Override
    public boolean mark(int slot) {
      return slots.mark(slot);
    }
  }
}
