// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.unmatched;

import oasis.experiments.measure.InRounds;

/**
 * What a run measures. Runs whose plans differ in the number of rounds only can be joined.
 *
 * @param quick at most four minutes
 * @param rounds how often all hosts are compared
 * @param seed of the rules' prefixes and names
 * @param ofEachKind so many rules by prefix, and so many by name
 * @param seconds of TCP each way, of each host in each round
 * @param pings of each host in each round
 * @param java of client and exit node, as it calls itself
 */
record Plan(
    boolean quick, int rounds, long seed, int ofEachKind, int seconds, int pings, String java)
    implements InRounds.Planned<Plan> {
  /** So many pairs must stand behind a median. */
  static final int LEAST_PAIRS = 10;

  /** The plan with everything that is not chosen. */
  static Plan of(boolean quick, long seed, String java) {
    return quick
        ? new Plan(true, LEAST_PAIRS, seed, 1000, 1, 400, java)
        : new Plan(false, 2 * LEAST_PAIRS, seed, 1000, 4, 1000, java);
  }

  @Override
  public Plan withRounds(int number) {
    return new Plan(quick, number, seed, ofEachKind, seconds, pings, java);
  }
}
