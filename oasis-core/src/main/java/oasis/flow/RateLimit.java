// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

/**
 * A token bucket in the form of the generic cell rate algorithm (ITU-T I.371): one long of state
 * and no refill. Confined to one thread.
 */
final class RateLimit {
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
    long from = Math.max(nextNs, nowNs);
    if (from - nowNs > burstNs) {
      return false;
    }
    nextNs = from + intervalNs;
    return true;
  }
}
