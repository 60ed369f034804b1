// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.restart;

import java.util.List;
import oasis.experiments.measure.InRounds;

/**
 * What a run measures. Runs whose plans differ in the number of rounds only can be joined.
 *
 * @param ways how the exit node carries
 * @param quick at most four minutes
 * @param rounds how often each way is changed in each manner
 * @param seed of the moments
 * @param java of client and exit node, as it calls itself
 */
record Plan(List<Way> ways, boolean quick, int rounds, long seed, String java)
    implements InRounds.Planned<Plan> {
  /** Downloads at a time, each by a program of its own. */
  static final int DOWNLOADS = 50;

  /** So many are begun: curl now and then lets one go faster than it was told. */
  static final int BEGUN = 54;

  /** Bytes of each. */
  static final int BYTES = 4_000_000;

  /** Bytes a second of each, so that they take thirteen seconds. */
  static final int BYTES_PER_SECOND = 300_000;

  /** Time between two pings that run beside them. */
  static final int PING_MS = 20;

  private static final int QUICK_ROUNDS = 1;
  private static final int ROUNDS = 10;

  static Plan of(List<Way> ways, boolean quick, long seed, String java) {
    return new Plan(ways, quick, quick ? QUICK_ROUNDS : ROUNDS, seed, java);
  }

  @Override
  public Plan withRounds(int number) {
    return new Plan(ways, quick, number, seed, java);
  }
}
