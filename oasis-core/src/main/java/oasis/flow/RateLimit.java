// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

/**
 * A token bucket in the form of the generic cell rate algorithm (ITU-T I.371): one long of state
 * and no refill. Confined to one thread.
 */
final class RateLimit {
  /** No bucket holds more than about a second's worth. */
  static final long LONGEST_DEBT_NS = 3_000_000_000L;

  private final long intervalNs;
  private final long burstNs;
  private long nextNs = Long.MIN_VALUE;

  /** At most {@code perSecond} on average and {@code burst} at once. */
  RateLimit(int perSecond, int burst) {
    intervalNs = 1_000_000_000L / perSecond;
    burstNs = intervalNs * (burst - 1);
  }

  /** Whether one more is allowed now; if so, it is counted. */
  boolean allows(long nowNs) {
    boolean allowed = has(nowNs);
    if (allowed) {
      take(nowNs);
    }
    return allowed;
  }

  /** Whether one more is allowed now. */
  boolean has(long nowNs) {
    return Math.max(nextNs, nowNs) - nowNs <= burstNs;
  }

  /** Counts one. */
  void take(long nowNs) {
    nextNs = Math.max(nextNs, nowNs) + intervalNs;
  }

  /** Writes how much was taken of late. */
  void write(StateWriter out) {
    out.putTime(Math.max(nextNs, out.nowNs()));
  }

  /** Goes on from there. */
  void restore(StateReader in) throws StateException {
    nextNs = in.takeFuture("time of the next one", LONGEST_DEBT_NS);
  }
}
