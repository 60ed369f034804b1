// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.queues;

import java.util.List;
import java.util.SortedMap;
import oasis.experiments.measure.InRounds;
import oasis.experiments.measure.Span;
import org.jspecify.annotations.Nullable;

/**
 * One load.
 *
 * @param round from 1
 * @param startedAt time of day, ISO 8601
 * @param span what happened on the machine meanwhile
 * @param overload what came of {@link Load#OVERLOAD}, or null
 * @param share what came of the other loads, or null
 * @param doubts what the emulated links have to say against the numbers
 */
record Step(
    int round,
    Setup setup,
    Load load,
    String startedAt,
    Span span,
    @Nullable Overload overload,
    @Nullable Share share,
    List<String> doubts)
    implements InRounds.Measured {
  /**
   * Two classes; bytes are those of IP packets.
   *
   * @param seconds in which bytes were counted
   * @param highSent bytes that the higher class sent
   * @param highReceived of these, those that arrived at any time
   * @param lowSent bytes that the lower class sent
   * @param lowReceived bytes of it that arrived in that time
   * @param delays of the packets of the higher class: how many took how many units of 10 µs from
   *     sending to reception
   */
  record Overload(
      double seconds,
      long highSent,
      long highReceived,
      long lowSent,
      long lowReceived,
      SortedMap<Integer, Integer> delays) {}

  /**
   * Two clients.
   *
   * @param one Mbit/s received of the client with one connection
   * @param many the same of the one with {@link Plan#FLOWS}
   */
  record Share(double one, double many) {}

  /** Whether others or the links themselves disturbed it. */
  boolean doubtful() {
    return span.doubtful() || !doubts.isEmpty();
  }
}
