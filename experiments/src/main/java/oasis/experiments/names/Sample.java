// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.names;

import java.util.List;
import java.util.Map;

/**
 * What was measured on one host, or with its rules.
 *
 * @param host the host
 * @param numbers by name, in the order in which they were found
 */
record Sample(Host host, Map<String, List<Double>> numbers) {
  /** Numbers by name; none when there are none. */
  List<Double> of(String name) {
    return numbers.getOrDefault(name, List.of());
  }
}
