// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.names;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import oasis.experiments.jmh.NameLookup;
import oasis.experiments.measure.JmhRun;
import oasis.os.OsException;

/** What rules cost without packets, by JMH in 256 MiB of heap. */
final class Matching {
  /** Time of an operation in the unit of the part: ns; of {@link Step.Part#BUILD} too. */
  static final String NS = "ns";

  /** What rules, matcher and the names that are looked up hold of the heap. */
  static final String HEAP_MIB = "mib";

  /** The parts. */
  static final List<Step.Part> PARTS =
      List.of(Step.Part.MATCHER, Step.Part.EXPRESSIONS, Step.Part.BUILD);

  private static final String PARAMETER = "rules";

  private Matching() {}

  /** Runs the benchmark of a part with the rules of a host. */
  static JmhRun run(Step.Part part, Host host, boolean quick) throws OsException {
    String method =
        switch (part) {
          case MATCHER -> "lookup";
          case EXPRESSIONS -> "sequential";
          case BUILD -> "build";
          default -> throw new IllegalArgumentException(part.toString());
        };
    String benchmark = NameLookup.class.getName() + "." + method;
    return JmhRun.of(benchmark, PARAMETER, String.format(Locale.ROOT, "%d", host.rules()), quick);
  }

  /** The numbers of a run that are kept. */
  static Map<String, List<Double>> numbers(JmhRun run) {
    Map<String, List<Double>> numbers = new TreeMap<>();
    numbers.put(NS, run.numbers().getOrDefault(JmhRun.SCORE, List.of()));
    List<Double> mib = run.numbers().getOrDefault(HEAP_MIB, List.of());
    if (!mib.isEmpty()) {
      numbers.put(HEAP_MIB, mib);
    }
    return numbers;
  }
}
