// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import java.util.List;
import java.util.Map;

/**
 * What was measured on one host.
 *
 * @param setup the host
 * @param numbers by name, in the order in which they were found
 */
record Sample(Setup setup, Map<String, List<Double>> numbers) {
  /** Numbers by name; none when there are none. */
  List<Double> of(String name) {
    return numbers.getOrDefault(name, List.of());
  }
}
