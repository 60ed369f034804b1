// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.hub;

import java.util.concurrent.atomic.AtomicLongArray;
import oasis.link.LinkModel;
import oasis.link.LinkSettings;
import oasis.os.linux.Errno;
import org.HdrHistogram.SingleWriterRecorder;

/**
 * One direction of a link: reads packets from one socket, asks the link model when each is due, and
 * writes it to the other socket then, so much earlier as writing takes. Confined to the hub's
 * thread, but for the counters.
 */
final class Wire {
  static final int ETHERNET_HEADER_BYTES = 14;
  static final int BATCH = 32;

  // Counters, written by the hub's thread only.
  static final int RECEIVED = 0;
  static final int SENT = 1;
  static final int LOST = 2;
  static final int QUEUE_FULL = 3;
  static final int OVERSIZED = 4;
  static final int BAD_STAMP = 5;
  static final int SEND_ERROR = 6;
  private static final int COUNTERS = 7;

  private static final long NEVER = Long.MAX_VALUE;

  /** What sendmmsg and the veth pair take until the receiver's kernel stamps a packet. */
  private static final long EGRESS_NS = 5_000;

  private static final long OLDEST_STAMP_NS = 200_000_000L;
  private static final long CLOCK_ERROR_NS = 1_000_000L;
  private static final int MIN_SLOTS = 1024;
  private static final int MAX_SLOTS = 16_384;
  private static final int MIN_FRAME_BYTES = 60;
  private static final long DESIGN_PKTS_PER_S = 200_000;
  private static final int CACHE_LINE_BYTES = 64;

  private final int in;
  private final int out;
  private final int longestFrame;
  private final long egressNs;
  private final LinkModel model;
  private final KernelClock clock;
  private final SingleWriterRecorder lateness;
  private final MessageRing ring;
  private final long[] dueNs;
  private final AtomicLongArray counters = new AtomicLongArray(COUNTERS);
  private long head;
  private long tail;

  Wire(
      int in,
      int out,
      int mtu,
      LinkSettings settings,
      LinkModel model,
      KernelClock clock,
      SingleWriterRecorder lateness) {
    this.in = in;
    this.out = out;
    this.model = model;
    this.clock = clock;
    this.lateness = lateness;
    egressNs = Math.min(EGRESS_NS, settings.delayNs());
    longestFrame = mtu + ETHERNET_HEADER_BYTES;
    int slotBytes = (longestFrame + CACHE_LINE_BYTES - 1) & -CACHE_LINE_BYTES;
    ring = new MessageRing(slots(settings), slotBytes);
    dueNs = new long[ring.slots()];
  }

  /** Room for what can be under way: as much as the rate allows, or the hub's own speed. */
  static int slots(LinkSettings settings) {
    double seconds = settings.delayNs() / 1e9;
    double pkts = DESIGN_PKTS_PER_S * seconds;
    if (settings.bitsPerSecond() > 0) {
      double bytes = settings.bitsPerSecond() / 8.0 * seconds + settings.queueBytes();
      double queueSeconds = settings.queueBytes() * 8.0 / settings.bitsPerSecond();
      pkts = Math.min(bytes / MIN_FRAME_BYTES, DESIGN_PKTS_PER_S * (seconds + queueSeconds));
    }
    int wanted = (int) Math.min(MAX_SLOTS, Math.max(MIN_SLOTS, pkts));
    return Integer.highestOneBit(wanted * 2 - 1);
  }

  int inputSocket() {
    return in;
  }

  long counter(int which) {
    return counters.get(which);
  }

  private void count(int which, long more) {
    counters.lazySet(which, counters.get(which) + more);
  }

  /** Reads one batch; returns how many packets came. */
  int receive() {
    int first = ring.slot(head);
    int room = (int) Math.min(Math.min(BATCH, ring.slots() - first), ring.slots() - (head - tail));
    if (room == 0) {
      return 0;
    }
    int received = ring.receive(in, first, room);
    if (received <= 0) {
      return 0;
    }
    long now = System.nanoTime();
    for (int slot = first; slot < first + received; slot++) {
      dueNs[slot] = admit(slot, now);
    }
    head += received;
    count(RECEIVED, received);
    return received;
  }

  private long admit(int slot, long now) {
    int bytes = ring.bytes(slot);
    if (bytes > longestFrame || ring.truncated(slot)) {
      count(OVERSIZED, 1);
      return NEVER;
    }
    long due = model.admit(arrival(slot, now), bytes);
    if (due == LinkModel.DROPPED_LOSS) {
      count(LOST, 1);
      return NEVER;
    }
    if (due == LinkModel.DROPPED_QUEUE) {
      count(QUEUE_FULL, 1);
      return NEVER;
    }
    ring.prepareToSend(slot, bytes);
    return due - egressNs;
  }

  /** The kernel's stamp, unless it cannot be true: TCP's pacing time shares the kernel's field. */
  private long arrival(int slot, long now) {
    long stamp = ring.stampNs(slot);
    long arrival = stamp == MessageRing.NO_STAMP ? NEVER : clock.toNanoTime(stamp);
    if (arrival - now > CLOCK_ERROR_NS || now - arrival > OLDEST_STAMP_NS) {
      count(BAD_STAMP, 1);
      return now;
    }
    return Math.min(arrival, now);
  }

  /** Sends all packets that are due. */
  void forward() {
    while (nextDueNs() <= System.nanoTime()) {
      int first = ring.slot(tail);
      int most = (int) Math.min(Math.min(BATCH, ring.slots() - first), head - tail);
      long now = System.nanoTime();
      int count = 1;
      while (count < most && dueNs[first + count] <= now) {
        count++;
      }
      int sent = ring.send(out, first, count);
      if (sent == -Errno.EAGAIN || sent == -Errno.EINTR) {
        return;
      }
      if (sent <= 0) {
        count(SEND_ERROR, 1);
        release();
        continue;
      }
      for (int i = 0; i < sent; i++) {
        lateness.recordValue(Math.max(0, Math.min(Hub.MAX_LATENESS_NS, now - dueNs[first + i])));
        release();
      }
      count(SENT, sent);
    }
  }

  private void release() {
    ring.prepareToReceive(ring.slot(tail));
    tail++;
  }

  /** When the next packet has to be written; {@link Long#MAX_VALUE} when none waits. */
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
}
