// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import oasis.experiments.result.Report;

/** Why the numbers of a run must not be trusted. */
final class Validity {
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
    reasons.addAll(Report.disturbed(doubtful(visits), measurements(visits)));
    return reasons;
  }
}
