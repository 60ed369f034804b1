// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.failover;

import oasis.experiments.measure.InRounds;

/**
 * What a run measures. Runs whose plans differ in the number of rounds only can be joined.
 *
 * @param quick at most four minutes
 * @param rounds how often the entry node fails in each way
 * @param seed of the moments at which it fails
 * @param java of client and exit node, as it calls itself
 */
record Plan(boolean quick, int rounds, long seed, String java) implements InRounds.Planned<Plan> {
  /** Downloads at a time. */
  static final int DOWNLOADS = 100;

  /** New connections that begin after the failure. */
  static final int ATTEMPTS = 100;

  /** Time between two of them. */
  static final int ATTEMPT_MS = 20;

  private static final int QUICK_ROUNDS = 10;
  private static final int ROUNDS = 30;

  static Plan of(boolean quick, long seed, String java) {
    return new Plan(quick, quick ? QUICK_ROUNDS : ROUNDS, seed, java);
  }

  @Override
  public Plan withRounds(int number) {
    return new Plan(quick, number, seed, java);
  }
}
