// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.util.stream.Stream;
import oasis.exit.engine.ExitEffects.EndReason;
import oasis.exit.engine.FlowRecord;
import org.jspecify.annotations.Nullable;

/**
 * Carries what the data loop says of flows to the thread that writes it down; neither waits and
 * nothing is allocated. For one thread that fills and one that empties.
 */
final class FlowRing {
  /** One thing said. */
  static final class Slot {
    final FlowRecord flow = new FlowRecord();
    FlowLine.Event event = FlowLine.Event.BEGIN;
    @Nullable EndReason why;
    long timeMs;
    long nowNs;
  }

  private final Slot[] slots;
  private volatile long filled;
  private volatile long emptied;

  /**
   * @param size how much may wait
   */
  FlowRing(int size) {
    slots = Stream.generate(Slot::new).limit(size).toArray(Slot[]::new);
  }

  /** A slot to fill before {@link #publish}, or null when there is none. */
  @Nullable Slot claim() {
    return filled - emptied == slots.length ? null : slots[(int) (filled % slots.length)];
  }

  /** Hands over the slot claimed last. */
  void publish() {
    long now = filled + 1;
    filled = now;
  }

  /** The oldest slot, until {@link #release}; null when there is none. */
  @Nullable Slot peek() {
    return filled == emptied ? null : slots[(int) (emptied % slots.length)];
  }

  /** Gives the oldest slot back. */
  void release() {
    long now = emptied + 1;
    emptied = now;
  }
}
