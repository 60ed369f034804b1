// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.hub;

import java.util.concurrent.atomic.AtomicLongArray;
import oasis.link.LinkModel;
import oasis.link.LinkSettings;
import org.HdrHistogram.SingleWriterRecorder;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a link: reads packets from one socket, asks the link model when each is due, and
 * writes it to the other socket then, so much earlier as writing takes. Packets that the model
 * reorders wait in a queue of their own. Confined to the hub's thread, but for the counters.
 */
final class Wire {
  static final int ETHERNET_HEADER_BYTES = 14;

  // Counters, written by the hub's thread only.
  static final int RECEIVED = 0;
  static final int SENT = 1;
  static final int LOST = 2;
  static final int QUEUE_FULL = 3;
  static final int OVERSIZED = 4;
  static final int BAD_STAMP = 5;
  static final int SEND_ERROR = 6;
  static final int REORDERED = 7;
  static final int DUPLICATED = 8;
  private static final int COUNTERS = 9;

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
  private final SendQueue inOrder;
  private final @Nullable SendQueue heldBack;
  private final AtomicLongArray counters = new AtomicLongArray(COUNTERS);

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
    egressNs = Math.min(EGRESS_NS, settings.delayNs());
    longestFrame = mtu + ETHERNET_HEADER_BYTES;
    int slotBytes = (longestFrame + CACHE_LINE_BYTES - 1) & -CACHE_LINE_BYTES;
    inOrder = new SendQueue(new MessageRing(slots(settings), slotBytes), lateness);
    heldBack =
        settings.reorderPpb() == 0
            ? null
            : new SendQueue(new MessageRing(heldSlots(settings), slotBytes), lateness);
  }

  /** Room for what can be under way: as much as the rate allows, or the hub's own speed. */
  static int slots(LinkSettings settings) {
    return slots(settings, settings.delayNs(), 1);
  }

  /** Room for that share of it that is held back. */
  static int heldSlots(LinkSettings settings) {
    long delayNs = settings.delayNs() + settings.reorderNs();
    return slots(settings, delayNs, (double) settings.reorderPpb() / LinkSettings.ALL_PPB);
  }

  private static int slots(LinkSettings settings, long delayNs, double share) {
    double seconds = delayNs / 1e9;
    double pkts = DESIGN_PKTS_PER_S * seconds;
    if (settings.bitsPerSecond() > 0) {
      double bytes = settings.bitsPerSecond() / 8.0 * seconds + settings.queueBytes();
      double queueSeconds = settings.queueBytes() * 8.0 / settings.bitsPerSecond();
      pkts = Math.min(bytes / MIN_FRAME_BYTES, DESIGN_PKTS_PER_S * (seconds + queueSeconds));
    }
    int wanted = (int) Math.min(MAX_SLOTS, Math.max(MIN_SLOTS, pkts * share));
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
    int room = Math.min(SendQueue.BATCH, inOrder.roomInOneRun());
    if (heldBack != null) {
      room = Math.min(room, heldBack.room());
    }
    int received = room == 0 ? 0 : inOrder.ring().receive(in, inOrder.nextSlot(), room);
    if (received <= 0) {
      return 0;
    }
    long now = System.nanoTime();
    for (int i = 0; i < received; i++) {
      admit(now);
    }
    count(RECEIVED, received);
    return received;
  }

  /** Takes the packet in the next slot. */
  private void admit(long now) {
    MessageRing ring = inOrder.ring();
    int slot = inOrder.nextSlot();
    int bytes = ring.bytes(slot);
    if (bytes > longestFrame || ring.truncated(slot)) {
      drop(OVERSIZED);
      return;
    }
    long due = model.admit(arrival(slot, now), bytes);
    if (due == LinkModel.DROPPED_LOSS) {
      drop(LOST);
      return;
    }
    if (due == LinkModel.DROPPED_QUEUE) {
      drop(QUEUE_FULL);
      return;
    }
    boolean twice = model.duplicated();
    if (twice) {
      count(DUPLICATED, 1);
    }
    if (heldBack != null && model.reordered()) {
      heldBack.ring().copy(heldBack.nextSlot(), ring, slot, bytes);
      heldBack.add(bytes, due - egressNs, twice);
      drop(REORDERED);
      return;
    }
    inOrder.add(bytes, due - egressNs, twice);
  }

  private void drop(int counter) {
    count(counter, 1);
    inOrder.add(0, SendQueue.NEVER, false);
  }

  /** The kernel's stamp, unless it cannot be true: TCP's pacing time shares the kernel's field. */
  private long arrival(int slot, long now) {
    long stamp = inOrder.ring().stampNs(slot);
    long arrival = stamp == MessageRing.NO_STAMP ? Long.MAX_VALUE : clock.toNanoTime(stamp);
    if (arrival - now > CLOCK_ERROR_NS || now - arrival > OLDEST_STAMP_NS) {
      count(BAD_STAMP, 1);
      return now;
    }
    return Math.min(arrival, now);
  }

  /** Sends all packets that are due. */
  void forward() {
    forward(inOrder);
    if (heldBack != null) {
      forward(heldBack);
    }
  }

  private void forward(SendQueue queue) {
    long now = System.nanoTime();
    while (queue.nextDueNs() <= now) {
      int sent = queue.send(out, now);
      if (SendQueue.temporary(sent)) {
        return;
      }
      if (sent > 0) {
        count(SENT, sent);
      } else {
        count(SEND_ERROR, 1);
        queue.release();
      }
      now = System.nanoTime();
    }
  }

  /** When the next packet has to be written; {@link SendQueue#NEVER} when none waits. */
  long nextDueNs() {
    long due = inOrder.nextDueNs();
    return heldBack == null ? due : Math.min(due, heldBack.nextDueNs());
  }
}
