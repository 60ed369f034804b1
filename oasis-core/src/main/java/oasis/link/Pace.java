// SPDX-License-Identifier: Apache-2.0
package oasis.link;

/**
 * A token bucket in its dual form: instead of tokens it keeps the time at which the next packet may
 * go (the virtual scheduling algorithm of ITU-T I.371). So it is one number, needs no refill, and
 * takes packets of any length. What was not used is kept for a while: for {@link #IDLE_NS} when
 * there was nothing to send, for {@link #LATE_NS} when somebody waited and it was not asked in
 * time.
 */
final class Pace {
  /** What may go at once after a pause. */
  static final long IDLE_NS = 5_000_000L;

  /** What a thread that comes late may catch up with: on a busy host it must not lose capacity. */
  static final long LATE_NS = 25_000_000L;

  private static final long NS_BITS_PER_BYTE = 8_000_000_000L;

  private Pace() {}

  /** When the next packet may go once somebody begins to wait: the time before was a pause. */
  static long begin(long nextNs, long nowNs) {
    return within(nextNs, IDLE_NS, nowNs);
  }

  private static long within(long nextNs, long creditNs, long nowNs) {
    long earliest = nowNs - creditNs;
    return nextNs - earliest < 0 ? earliest : nextNs;
  }

  /**
   * When the packet after one that goes now may go.
   *
   * @param late whether somebody waited until now
   */
  static long after(long nextNs, long bytes, long bitsPerSecond, boolean late, long nowNs) {
    long begin = within(nextNs, late ? LATE_NS : IDLE_NS, nowNs);
    // Rounded up, so that the rate is never exceeded.
    return begin + (bytes * NS_BITS_PER_BYTE + bitsPerSecond - 1) / bitsPerSecond;
  }
}
