// SPDX-License-Identifier: Apache-2.0
package oasis.link;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;

/** Queues under load in virtual time. */
final class QueueRig {
  static final long MS = 1_000_000;
  static final long SECOND = 1_000 * MS;

  /** One that keeps sending packets at a rate. */
  record Load(int c, int client, long bitsPerSecond, int bytes) {}

  final ClassQueues queues;
  final long[][] sent; // bytes, by class and client
  long worstNs; // of class 0
  long now = -SECOND; // System.nanoTime may be negative

  private final long[] sinceNs;
  private final int[] clientOf;
  private final int[] bytesOf;

  QueueRig(long bitsPerSecond, int clients, ClassSettings... classes) {
    QueueSettings settings = new QueueSettings(bitsPerSecond, List.of(classes));
    queues = new ClassQueues(settings, clients, now);
    sent = new long[classes.length][clients];
    sinceNs = new long[queues.slots()];
    clientOf = new int[queues.slots()];
    bytesOf = new int[queues.slots()];
  }

  /** A class with a priority, without anything else. */
  static ClassSettings level(int priority) {
    return new ClassSettings(priority, 1, 0, 0);
  }

  /** Lets loads go on for a time; each packet comes exactly when it is due. */
  void run(long ns, Load... loads) {
    long end = now + ns;
    long[] next = new long[loads.length];
    Arrays.setAll(next, i -> now + i * 1000L);
    while (now - end < 0) {
      long at = end;
      for (long each : next) {
        at = Math.min(at, each);
      }
      long deadline = queues.nextDeadlineNs();
      now = Math.max(now, deadline == Long.MAX_VALUE ? at : Math.min(at, deadline));
      for (int i = 0; i < loads.length; i++) {
        if (next[i] == now) {
          offer(loads[i]);
          next[i] += 8 * SECOND * loads[i].bytes / loads[i].bitsPerSecond;
        }
      }
      serve(slot -> {});
    }
  }

  /** A packet comes. */
  void offer(Load load) {
    if (queues.pass(load.c, load.client, 1, load.bytes, now)) {
      sent[load.c][load.client] += load.bytes;
    } else {
      put(load.c, load.client, load.bytes);
    }
  }

  /** A packet has to wait; returns its slot. */
  int put(int c, int client, int bytes) {
    int slot = queues.add(c, client, 1, bytes, bytes + 16, false, now);
    if (slot >= 0) {
      sinceNs[slot] = now;
      clientOf[slot] = client;
      bytesOf[slot] = bytes;
    }
    return slot;
  }

  /** All that may go now goes. */
  void serve(IntConsumer each) {
    for (int slot = queues.next(now); slot >= 0; slot = queues.next(now)) {
      int c = queues.classOf(slot);
      sent[c][clientOf[slot]] += bytesOf[slot];
      if (c == 0) {
        worstNs = Math.max(worstNs, now - sinceNs[slot]);
      }
      each.accept(slot);
      queues.free(slot);
    }
  }

  long sent(int c) {
    return Arrays.stream(sent[c]).sum();
  }

  /** Bits per second that a class got in a time. */
  double rate(int c, long ns) {
    return sent(c) * 8.0 * SECOND / ns;
  }

  double rate(int c, int client, long ns) {
    return sent[c][client] * 8.0 * SECOND / ns;
  }
}
