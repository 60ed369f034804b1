// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The experiments that measure paths: which ones, and what of them. */
enum Suite {
  /** Everything, beside all peers. */
  THROUGHPUT(Throughput.NAME),
  /** The exit node's backends with and without keys, beside the kernel's masquerade. */
  EXIT_THROUGHPUT("exit-throughput");

  /** Paths of which a quick run measures TCP alone: what its goals need. */
  private static final Set<String> QUICK_TCP = Set.of(Paths.DIRECT, Paths.VXLAN, Paths.MEDIATED);

  private final String word;

  Suite(String word) {
    this.word = word;
  }

  /** The experiment's name in options, goals and results. */
  String word() {
    return word;
  }

  /** The experiment of a name; {@link #THROUGHPUT} when there is none. */
  static Suite of(String word) {
    return word.equals(EXIT_THROUGHPUT.word) ? EXIT_THROUGHPUT : THROUGHPUT;
  }

  /**
   * The paths that are measured unless told otherwise.
   *
   * @param all those that there are
   */
  List<String> paths(boolean quick, Collection<String> all) {
    if (this == EXIT_THROUGHPUT) {
      return Paths.EXIT;
    }
    return quick ? Paths.QUICK : all.stream().filter(name -> !name.endsWith(Paths.KEYED)).toList();
  }

  /** What may cross the links unless told otherwise. */
  List<Mode> modes(boolean quick) {
    return quick && this == EXIT_THROUGHPUT ? List.of(Mode.DEFAULT) : List.of(Mode.values());
  }

  /** What is measured on a path. */
  Set<Kind> tests(boolean quick, String path, Mode mode) {
    Set<Kind> tests = EnumSet.of(Kind.TCP_UP, Kind.TCP_DOWN);
    if (this == EXIT_THROUGHPUT) {
      if (!quick && mode == Mode.DEFAULT) {
        tests.addAll(EnumSet.of(Kind.UDP_UP, Kind.CPU));
      }
      return tests;
    }
    if (!quick) {
      tests.add(Kind.UDP_UP);
    }
    if (mode == Mode.DEFAULT && !(quick && QUICK_TCP.contains(path))) {
      tests.addAll(EnumSet.of(Kind.UDP_UP, Kind.RTT, Kind.LONE, Kind.CPU));
      if (!quick || path.equals(Paths.OURS)) {
        tests.add(Kind.IDLE);
      }
    }
    return tests;
  }
}
