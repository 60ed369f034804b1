// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Why the numbers of a run must not be trusted. */
final class Validity {
  /** Of all measurements. */
  private static final double MOST_DOUBTFUL_PERCENT = 20;

  private Validity() {}

  /** How many measurements were disturbed more than allowed, in spite of repetitions. */
  static long doubtful(Collection<Visit> visits) {
    return visits.stream()
        .flatMap(visit -> visit.measurements().stream())
        .filter(measurement -> measurement.span().doubtful())
        .count();
  }

  static long measurements(Collection<Visit> visits) {
    return visits.stream().mapToLong(visit -> visit.measurements().size()).sum();
  }

  /** One line for each reason; empty when the run is valid. */
  static List<String> reasons(Collection<Visit> visits) {
    List<String> reasons = new ArrayList<>();
    for (Visit visit : visits) {
      for (String problem : visit.problems()) {
        reasons.add("round " + visit.round() + ", " + visit.path() + ": " + problem);
      }
    }
    long doubtful = doubtful(visits);
    long all = measurements(visits);
    if (doubtful * 100 > all * MOST_DOUBTFUL_PERCENT) {
      reasons.add(doubtful + " of " + all + " measurements were disturbed by others");
    }
    return reasons;
  }
}
