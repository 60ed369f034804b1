// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.nat;

import java.util.List;
import java.util.Map;
import oasis.experiments.measure.Span;
import org.jspecify.annotations.Nullable;

/**
 * One measurement: of the engine, or of one way in one round.
 *
 * @param startedAt time of day, ISO 8601
 * @param span what happened on the machine meanwhile
 * @param scored the engine's, or null
 * @param rate the way's, or null
 */
record Entry(String startedAt, Span span, @Nullable Scored scored, @Nullable Rate rate) {
  /**
   * One benchmark.
   *
   * @param benchmark which one
   * @param held mappings meanwhile
   * @param numbers by name, one for each iteration
   */
  record Scored(String benchmark, int held, Map<String, List<Double>> numbers) {
    List<Double> of(String name) {
      return numbers.getOrDefault(name, List.of());
    }
  }

  /**
   * Connections through one way.
   *
   * @param round from 1
   * @param way which one
   * @param seconds in which they began and ended
   * @param done connections that brought their byte
   * @param failed those that did not
   * @param translated whether the server saw the exit's address with all of them
   */
  record Rate(int round, Way way, double seconds, long done, long failed, boolean translated) {
    double perSecond() {
      return done / seconds;
    }
  }
}
