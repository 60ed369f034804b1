// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.measure;

/**
 * One second of UDP at a rate.
 *
 * @param offeredMbits the rate that was asked for
 * @param sentMbits the rate that came about
 * @param lostPercent of the datagrams
 */
public record Probe(double offeredMbits, double sentMbits, double lostPercent) {
  private static final double MOST_LOST_PERCENT = 0.1;
  private static final double LEAST_SENT = 0.95;

  /** Whether the path carried the rate without loss, and the sender reached it. */
  public boolean passed() {
    return lostPercent < MOST_LOST_PERCENT && sentMbits > LEAST_SENT * offeredMbits;
  }
}
