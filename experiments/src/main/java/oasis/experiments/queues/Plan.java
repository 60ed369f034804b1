// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.queues;

import oasis.experiments.measure.InRounds;

/**
 * What a run measures. Runs whose plans differ in the number of rounds only can be joined.
 *
 * @param quick at most four minutes
 * @param rounds how often everything is measured
 * @param seconds length of each load
 * @param seed of the moments at which packets are sent
 * @param java of clients and exit nodes, as it calls itself
 */
record Plan(boolean quick, int rounds, int seconds, long seed, String java)
    implements InRounds.Planned<Plan> {
  /** What leaves an exit node, and what goes back to its clients, at most. */
  static final double CAP_MBITS = 20;

  /** What the higher class sends. */
  static final double HIGH_MBITS = 4;

  /** How much more the lower class sends than what the higher one leaves. */
  static final int OVERLOAD = 10;

  /** TCP connections of the client that has many. */
  static final int FLOWS = 16;

  private static final int QUICK_ROUNDS = 3;
  private static final int ROUNDS = 10;
  private static final int QUICK_SECONDS = 4;
  private static final int SECONDS = 10;

  static Plan of(boolean quick, long seed, String java) {
    return new Plan(
        quick, quick ? QUICK_ROUNDS : ROUNDS, quick ? QUICK_SECONDS : SECONDS, seed, java);
  }

  @Override
  public Plan withRounds(int number) {
    return new Plan(quick, number, seconds, seed, java);
  }

  /** What the lower class sends. */
  static double lowMbits() {
    return OVERLOAD * (CAP_MBITS - HIGH_MBITS);
  }
}
