// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import java.util.List;
import java.util.Optional;
import oasis.experiments.measure.InRounds;
import oasis.experiments.measure.Span;

/**
 * One comparison: all hosts one after the other, to one destination or at one rate.
 *
 * @param round from 1
 * @param part destination, or rate in Mbit/s
 * @param startedAt time of day, ISO 8601
 * @param span what happened on the machine meanwhile
 * @param samples one for each host that was measured
 * @param doubts what the emulated links have to say against the numbers
 */
record Step(
    int round, String part, String startedAt, Span span, List<Sample> samples, List<String> doubts)
    implements InRounds.Measured {
  /** What was measured on a host. */
  Optional<Sample> sample(Setup setup) {
    return samples.stream().filter(sample -> sample.setup() == setup).findFirst();
  }

  /** Whether others or the links themselves disturbed it. */
  boolean doubtful() {
    return span.doubtful() || !doubts.isEmpty();
  }
}
