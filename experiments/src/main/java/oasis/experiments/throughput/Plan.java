// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import oasis.experiments.measure.Undisturbed;
import org.jspecify.annotations.Nullable;

/**
 * What a run measures. Runs whose plans differ in the number of rounds only can be joined.
 *
 * @param quick a few minutes instead of an hour and more
 * @param rounds how often each path is visited
 * @param paths names, in the order of the first round
 * @param modes what may cross the links
 * @param tcpSeconds that count of each TCP stream
 * @param java of client and exit node under test, as it calls itself
 * @param suite which experiment; null in records of {@link Suite#THROUGHPUT}
 */
record Plan(
    boolean quick,
    int rounds,
    List<String> paths,
    List<Mode> modes,
    int tcpSeconds,
    String java,
    @Nullable Suite suite) {
  static final int OMITTED_SECONDS = 1;
  static final int CPU_SECONDS = 5;
  static final int IDLE_SECONDS = 10;
  static final double CPU_MBITS = 10;
  static final int PINGS = 1000;

  /** Pings that come alone, and their distance: long enough for the processors to fall asleep. */
  static final int LONE_PINGS = 60;

  static final int LONE_GAP_MS = 50;

  static final int WARM_UP_TCP_SECONDS = 2;
  static final int WARM_UP_UDP_SECONDS = 6;
  static final double WARM_UP_UDP_MBITS = 200;
  static final int WARM_UP_PINGS = 2000;

  /** After so long no measurement is repeated any more. */
  private static final long QUICK_MS = 210_000;

  Plan {
    paths = List.copyOf(paths);
    modes = List.copyOf(modes);
  }

  /** The same with another number of rounds. */
  Plan withRounds(int number) {
    return new Plan(quick, number, paths, modes, tcpSeconds, java, suite);
  }

  /** Which experiment it is of. */
  Suite experiment() {
    return suite == null ? Suite.THROUGHPUT : suite;
  }

  /** The paths of a round, each round beginning with another one. */
  List<String> order(int round) {
    List<String> order = new ArrayList<>(paths);
    Collections.rotate(order, 1 - round);
    return order;
  }

  /** What is measured on a path. */
  Set<Kind> tests(String path, Mode mode) {
    return experiment().tests(quick, path, mode);
  }

  /** How much to do for undisturbed measurements after {@code elapsedMs} of the run. */
  Undisturbed.Effort effort(long elapsedMs) {
    if (!quick) {
      return Undisturbed.Effort.FULL;
    }
    return elapsedMs < QUICK_MS ? Undisturbed.Effort.QUICK : Undisturbed.Effort.LEAST;
  }

  /** Whether a value such as {@code ours.tcp_up.default} is to be measured. */
  boolean asks(String name) {
    String[] words = name.split("\\.", -1);
    boolean mode =
        words.length < 3 || modes.stream().anyMatch(each -> each.word().equals(words[2]));
    return mode && paths.contains(words[0]);
  }
}
