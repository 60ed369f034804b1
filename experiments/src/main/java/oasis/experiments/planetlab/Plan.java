// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import oasis.experiments.measure.InRounds;

/**
 * What a run measures. Runs whose plans differ in the number of rounds only can be joined.
 *
 * @param quick at most four minutes
 * @param rounds how often everything is done
 * @param badBytes of each body over the bad path
 * @param samples of each proxy's cost in a round
 * @param halfOpen handshakes that are never finished
 * @param seed of contents, orders and forged numbers
 * @param java of port and exit node, as it calls itself
 */
record Plan(
    boolean quick, int rounds, int badBytes, int samples, int halfOpen, long seed, String java)
    implements InRounds.Planned<Plan> {
  /** Downloads at a time, each by a program of its own. */
  static final int DOWNLOADS = 200;

  /** Bytes of each of them. */
  static final int SMALL_BYTES = 1_000_000;

  /** Bytes of a large body. */
  static final int LARGE_BYTES = 100_000_000;

  /** Large bodies of one sample of throughput, one connection each. */
  static final int TRANSFERS = 3;

  /** Pages of one sample of the time to the first byte. */
  static final int PAGES = 100;

  static Plan of(boolean quick, long seed, String java) {
    return quick
        ? new Plan(true, 1, 20_000_000, 3, 10_000, seed, java)
        : new Plan(false, 5, LARGE_BYTES, 5, 10_000, seed, java);
  }

  @Override
  public Plan withRounds(int number) {
    return new Plan(quick, number, badBytes, samples, halfOpen, seed, java);
  }
}
