// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

/**
 * Limits the packets we author ourselves (RFC 1812 section 4.3.2.8): a token bucket, kept as the
 * theoretical arrival time of the next one. Confined to the data loop.
 */
final class ReplyLimit {
  private static final long SECOND_NS = 1_000_000_000L;

  /**
   * A burst of up to a tenth of a second's answers passes at once, so that a page fails at once.
   */
  private static final int BURST_DIVISOR = 10;

  private final long intervalNs;
  private final long burstNs;
  private boolean started;
  private long nextNs;

  ReplyLimit(int perSecond) {
    intervalNs = SECOND_NS / perSecond;
    burstNs = Math.max(intervalNs, SECOND_NS / BURST_DIVISOR);
  }

  /** Whether one more answer may go out now. */
  boolean take(long nowNs) {
    if (!started || nextNs - nowNs < 0) {
      started = true;
      nextNs = nowNs;
    }
    if (nextNs - nowNs > burstNs) {
      return false;
    }
    nextNs += intervalNs;
    return true;
  }
}
