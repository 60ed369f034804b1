// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.names;

import java.util.List;
import oasis.experiments.measure.Span;

/**
 * One comparison: some hosts one after the other.
 *
 * @param part what was measured
 * @param round from 1
 * @param startedAt time of day, ISO 8601
 * @param span what happened on the machine meanwhile
 * @param samples one for each host that was measured
 */
record Step(Part part, int round, String startedAt, Span span, List<Sample> samples) {
  /** Parts of the experiment. */
  enum Part {
    /** The matcher alone: a look-up. */
    MATCHER,
    /** The paper's way: one expression after the other. */
    EXPRESSIONS,
    /** Building the matcher. */
    BUILD,
    /** Look-ups one after the other, end to end. */
    LOOKUPS,
    /** As many look-ups as fit. */
    LOAD,
    /** What the clients take of the memory afterwards. */
    MEMORY
  }
}
