// SPDX-License-Identifier: Apache-2.0
package oasis.link;

/**
 * Controlled delay (RFC 8289) for many queues: a queue in which every packet of the last {@link
 * #INTERVAL_NS} has waited for longer than {@link #TARGET_NS} loses a packet, then the next one
 * sooner and sooner, until the wait is short again. Packets whose ends understand congestion marks
 * (RFC 3168) are marked instead.
 *
 * <p>Confined to one thread; allocates nothing.
 */
final class CoDel {
  /** What the shortest wait of an interval may be (RFC 8289 section 4.4). */
  static final long TARGET_NS = 5_000_000L;

  /** How long a longer wait is borne: a long round-trip time. */
  static final long INTERVAL_NS = 100_000_000L;

  private static final int NONE = -1;

  /** The queues themselves. */
  interface Fifo {
    /** Takes the packet that has waited longest out of a queue; -1 when there is none. */
    int pop(int queue);

    /** Since when a packet waits. */
    long sinceNs(int packet);

    /** Bytes that wait in a queue. */
    long bytes(int queue);

    /** Bytes of the largest packet of a queue so far: what is not worth a drop. */
    int largest(int queue);

    /** Drops a packet that was taken out. */
    void drop(int packet);

    /** Marks a packet that was taken out; false when its ends do not understand marks. */
    boolean mark(int packet);
  }

  private final Fifo fifo;
  // Of each queue; names as in RFC 8289 section 5.
  private final boolean[] above;
  private final long[] firstAboveNs;
  private final boolean[] dropping;
  private final long[] dropNextNs;
  private final int[] count;
  private final int[] lastCount;
  private boolean okToDrop;

  CoDel(int queues, Fifo fifo) {
    this.fifo = fifo;
    above = new boolean[queues];
    firstAboveNs = new long[queues];
    dropping = new boolean[queues];
    dropNextNs = new long[queues];
    count = new int[queues];
    lastCount = new int[queues];
  }

  /** The next packet of a queue that may go on, or -1: the queue is empty then. */
  int next(int q, long nowNs) {
    int packet = pop(q, nowNs);
    if (dropping[q]) {
      return whileDropping(q, packet, nowNs);
    }
    if (!okToDrop) {
      return packet;
    }
    int result = packet;
    if (!fifo.mark(packet)) {
      fifo.drop(packet);
      result = pop(q, nowNs);
    }
    dropping[q] = true;
    // If it has dropped not long ago, the rate at which it did is a good one to begin with.
    int delta = count[q] - lastCount[q];
    boolean recently = nowNs - dropNextNs[q] < 16 * INTERVAL_NS;
    count[q] = delta > 1 && recently ? delta : 1;
    dropNextNs[q] = nowNs + gapNs(count[q]);
    lastCount[q] = count[q];
    return result;
  }

  private int whileDropping(int q, int first, long nowNs) {
    int packet = first;
    if (!okToDrop) {
      dropping[q] = false;
    }
    while (dropping[q] && nowNs - dropNextNs[q] >= 0) {
      count[q]++;
      if (fifo.mark(packet)) {
        dropNextNs[q] += gapNs(count[q]);
        return packet;
      }
      fifo.drop(packet);
      packet = pop(q, nowNs);
      if (okToDrop) {
        dropNextNs[q] += gapNs(count[q]);
      } else {
        dropping[q] = false;
      }
    }
    return packet;
  }

  private int pop(int q, long nowNs) {
    int packet = fifo.pop(q);
    okToDrop = false;
    if (packet == NONE
        || nowNs - fifo.sinceNs(packet) < TARGET_NS
        || fifo.bytes(q) <= fifo.largest(q)) {
      above[q] = false;
    } else if (!above[q]) {
      above[q] = true;
      firstAboveNs[q] = nowNs + INTERVAL_NS;
    } else {
      okToDrop = nowNs - firstAboveNs[q] >= 0;
    }
    return packet;
  }

  private static long gapNs(int count) {
    return (long) (INTERVAL_NS / Math.sqrt(count));
  }
}
