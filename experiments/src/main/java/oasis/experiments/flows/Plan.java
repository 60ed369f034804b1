// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.flows;

import java.util.List;

/**
 * What a run measures.
 *
 * @param quick short measurements
 * @param java of the benchmarks, as it calls itself
 */
record Plan(boolean quick, String java) {
  static final String OUTBOUND = "outbound";
  static final String INBOUND = "inbound";
  static final String BEGIN = "begin";

  /** The benchmarks. */
  static final List<String> BENCHMARKS = List.of(OUTBOUND, INBOUND, BEGIN);

  /** Flows that the map holds. */
  static final List<Integer> FLOWS = List.of(1_000, 100_000, 1_000_000);
}
