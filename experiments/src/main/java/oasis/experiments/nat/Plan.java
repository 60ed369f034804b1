// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.nat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What a run measures. Runs whose plans differ in the number of rounds only can be joined.
 *
 * @param quick at most four minutes
 * @param rounds how often each way is measured
 * @param seconds that count of each
 * @param java of client, exit node and benchmarks, as it calls itself
 */
record Plan(boolean quick, int rounds, int seconds, String java) {
  static final String NEW = "newMapping";
  static final String KNOWN = "knownMapping";

  /** The benchmarks of the engine. */
  static final List<String> BENCHMARKS = List.of(NEW, KNOWN);

  /** Mappings that the engine holds meanwhile. */
  static final List<Integer> HELD = List.of(10_000, 1_000_000);

  /** Connections that are on their way at a time. */
  static final int AT_A_TIME = 64;

  static final int WARM_UP_SECONDS = 3;

  private static final int QUICK_ROUNDS = 3;
  private static final int ROUNDS = 8;
  private static final int QUICK_SECONDS = 4;
  private static final int SECONDS = 8;

  static Plan of(boolean quick, String java) {
    return new Plan(quick, quick ? QUICK_ROUNDS : ROUNDS, quick ? QUICK_SECONDS : SECONDS, java);
  }

  /** The same with another number of rounds. */
  Plan withRounds(int number) {
    return new Plan(quick, number, seconds, java);
  }

  /** The ways of a round, each round beginning with another one. */
  static List<Way> order(int round) {
    List<Way> order = new ArrayList<>(List.of(Way.values()));
    Collections.rotate(order, 1 - round);
    return order;
  }
}
