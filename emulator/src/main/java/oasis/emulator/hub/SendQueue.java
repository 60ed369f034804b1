// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.hub;

import oasis.os.linux.Errno;
import org.HdrHistogram.SingleWriterRecorder;

/**
 * Packets in the order in which they are due, in a ring that the kernel reads them from. Confined
 * to the hub's thread.
 */
final class SendQueue {
  static final int BATCH = 32;

  /** When a packet is due that must not be sent. */
  static final long NEVER = Long.MAX_VALUE;

  private final MessageRing ring;
  private final SingleWriterRecorder lateness;
  private final long[] dueNs;
  private final boolean[] twice;
  private long head;
  private long tail;

  /**
   * @param ring for the packets
   * @param lateness records how late each packet was written
   */
  SendQueue(MessageRing ring, SingleWriterRecorder lateness) {
    this.ring = ring;
    this.lateness = lateness;
    dueNs = new long[ring.slots()];
    twice = new boolean[ring.slots()];
  }

  MessageRing ring() {
    return ring;
  }

  /** Slots that are free. */
  int room() {
    return (int) (ring.slots() - (head - tail));
  }

  /** Slots from {@link #nextSlot} on that are free and lie side by side. */
  int roomInOneRun() {
    return Math.min(room(), ring.slots() - nextSlot());
  }

  /** The slot that the next packet goes to. */
  int nextSlot() {
    return ring.slot(head);
  }

  /**
   * Takes the packet in {@link #nextSlot}.
   *
   * @param due when to write it, not earlier than the one before; {@link #NEVER} drops it
   * @param sendTwice whether to write it a second time, right after the first
   */
  void add(int bytes, long due, boolean sendTwice) {
    int slot = nextSlot();
    dueNs[slot] = due;
    twice[slot] = sendTwice;
    if (due != NEVER) {
      ring.prepareToSend(slot, bytes);
    }
    head++;
  }

  /** When the next packet has to be written; {@link #NEVER} when none waits. */
  long nextDueNs() {
    while (tail < head) {
      long due = dueNs[ring.slot(tail)];
      if (due != NEVER) {
        return due;
      }
      release();
    }
    return NEVER;
  }

  /**
   * Writes up to a batch of the packets that are due; the first must be.
   *
   * @return how many were written, or what the kernel said: an errno, negative
   */
  int send(int fd, long now) {
    int first = ring.slot(tail);
    int most = (int) Math.min(Math.min(BATCH, ring.slots() - first), head - tail);
    int count = 1;
    while (count < most && dueNs[first + count] <= now && !twice[first + count - 1]) {
      count++;
    }
    int sent = ring.send(fd, first, count);
    for (int i = 0; i < sent; i++) {
      lateness.recordValue(Math.max(0, Math.min(Hub.MAX_LATENESS_NS, now - dueNs[first + i])));
      if (twice[first + i]) {
        // It is the last of its batch: it stays, and begins the next.
        twice[first + i] = false;
      } else {
        release();
      }
    }
    return sent;
  }

  /** Gives up the next packet. */
  void release() {
    ring.prepareToReceive(ring.slot(tail));
    tail++;
  }

  /** Whether the kernel will take the packet later. */
  static boolean temporary(int result) {
    return result == -Errno.EAGAIN || result == -Errno.EINTR;
  }
}
