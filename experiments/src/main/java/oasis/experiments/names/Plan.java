// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.names;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What a run measures. Runs whose plans differ in the number of rounds only can be joined.
 *
 * @param quick at most four minutes
 * @param rounds how often all hosts are compared
 * @param seed of rules and names
 * @param lookups of each host in each round
 * @param loadLookups of each host under load, each time
 * @param java of client and exit node, as it calls itself
 */
record Plan(boolean quick, int rounds, long seed, int lookups, int loadLookups, String java) {
  /** So many comparisons must stand behind an interval. */
  static final int LEAST_ROUNDS = 20;

  private static final int MOST_LOADS = 5;

  /** The hosts that are put under load. */
  private static final List<Host> LOADED = List.of(Host.DIRECT, Host.RULES1, Host.RULES100000);

  static Plan of(boolean quick, long seed, String java) {
    return quick
        ? new Plan(true, LEAST_ROUNDS, seed, 200, 30_000, java)
        : new Plan(false, LEAST_ROUNDS, seed, 1_000, 40_000, java);
  }

  /** The same with another number of rounds. */
  Plan withRounds(int number) {
    return new Plan(quick, number, seed, lookups, loadLookups, java);
  }

  /** How often the hosts under load are compared. */
  int loads() {
    return Math.min(rounds, MOST_LOADS);
  }

  /** All hosts in the order of a round: each begins with another one. */
  static List<Host> order(int round) {
    return rotated(List.of(Host.values()), round);
  }

  /** The same for the hosts under load. */
  static List<Host> loadOrder(int round) {
    return rotated(LOADED, round);
  }

  private static List<Host> rotated(List<Host> hosts, int by) {
    List<Host> order = new ArrayList<>(hosts);
    Collections.rotate(order, -by);
    return order;
  }
}
