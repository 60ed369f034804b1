// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.util.List;
import java.util.Map;

/**
 * Everything that was measured on a path in a round.
 *
 * @param round from 1
 * @param path its name
 * @param startedAt time of day, ISO 8601
 * @param facts what is measured once: start in ms, memory in MiB
 * @param measurements the others
 * @param problems what failed, one line each; empty when nothing did
 */
record Visit(
    int round,
    String path,
    String startedAt,
    Map<String, Double> facts,
    List<Measurement> measurements,
    List<String> problems) {}
