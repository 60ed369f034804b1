// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.flows;

import java.util.List;
import java.util.Map;
import oasis.experiments.measure.Span;

/**
 * One benchmark with one number of flows.
 *
 * @param benchmark which one
 * @param flows how many flows the map holds
 * @param startedAt time of day, ISO 8601
 * @param span what happened on the machine meanwhile
 * @param numbers by name, one for each iteration
 */
record Scored(
    String benchmark, int flows, String startedAt, Span span, Map<String, List<Double>> numbers) {
  /** Numbers by name; none when there are none. */
  List<Double> of(String name) {
    return numbers.getOrDefault(name, List.of());
  }
}
