// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.push;

import java.util.List;
import java.util.stream.IntStream;
import oasis.experiments.measure.InRounds;

/**
 * What a run does. Runs whose plans differ in the number of rounds only can be joined.
 *
 * @param quick at most four minutes
 * @param rounds how often everything is done, each time on new nodes
 * @param healthy nodes that nothing is wrong with; half of them may not change their network
 * @param seed draws the order of the nodes, and those that the client uses
 * @param java of client and exit nodes, as it calls itself
 */
record Plan(boolean quick, int rounds, int healthy, long seed, String java)
    implements InRounds.Planned<Plan> {
  /** The nodes that something is wrong with. */
  static final List<Fault> BROKEN =
      List.of(Fault.REFUSED, Fault.SILENT, Fault.FULL, Fault.CHANGED, Fault.HANGS);

  /** Healthy ones unless told otherwise: twelve nodes in all. */
  static final int HEALTHY = 7;

  private static final int ROUNDS = 3;

  static Plan of(boolean quick, int healthy, long seed, String java) {
    return new Plan(quick, quick ? 1 : ROUNDS, healthy, seed, java);
  }

  @Override
  public Plan withRounds(int number) {
    return new Plan(quick, number, healthy, seed, java);
  }

  /** How many nodes there are. */
  int nodes() {
    return healthy + BROKEN.size();
  }

  /** The names of all nodes. */
  List<String> names() {
    return IntStream.rangeClosed(1, nodes()).mapToObj("n%02d"::formatted).toList();
  }
}
