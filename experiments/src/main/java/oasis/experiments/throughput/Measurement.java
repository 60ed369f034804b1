// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import oasis.experiments.measure.Probe;
import oasis.experiments.measure.Span;

/**
 * The raw data of one measurement.
 *
 * @param test which one
 * @param mode what might cross the links
 * @param span what happened on the machine meanwhile
 * @param numbers figures of TCP and of UDP both ways
 * @param roundTrips how many took how many microseconds
 * @param probes rates of UDP that were tried
 */
record Measurement(
    Kind test,
    Mode mode,
    Span span,
    Map<String, Double> numbers,
    SortedMap<Integer, Integer> roundTrips,
    List<Probe> probes) {}
