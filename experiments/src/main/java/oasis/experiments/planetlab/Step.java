// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import oasis.experiments.measure.InRounds;
import oasis.experiments.measure.Span;

/**
 * A part of a round.
 *
 * @param round from 1
 * @param part which one
 * @param startedAt time of day, ISO 8601
 * @param checks what was tried and whether it came about
 * @param samples what was measured
 * @param silence who answered on the port
 * @param numbers what else there is, by name
 */
record Step(
    int round,
    Part part,
    String startedAt,
    List<Check> checks,
    List<Sample> samples,
    Silence.Answers silence,
    Map<String, Double> numbers)
    implements InRounds.Measured {
  Step {
    checks = List.copyOf(checks);
    samples = List.copyOf(samples);
    numbers = Map.copyOf(numbers);
  }

  /**
   * Something that had to come about.
   *
   * @param what a program, or a kind of attack
   * @param carrier what carried it
   * @param good whether it did
   * @param corruptedBytes of a body whose SHA-256 was wrong, or that did not come whole: all of it
   * @param detail why it did not
   */
  record Check(String what, Carrier carrier, boolean good, long corruptedBytes, String detail) {}

  /** What is measured of a proxy. */
  enum Load {
    DOWN,
    UP,
    PAGE;

    /** Its name in results. */
    @JsonValue
    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * A measurement of a proxy.
   *
   * @param proxy whose
   * @param value Mbit/s, or of pages the median time to the first byte in ms
   * @param bytes of bodies
   * @param proxyS CPU time of the proxy's process, in s; 0 without one
   * @param machineS CPU time of the whole machine, in s
   * @param span what others did meanwhile
   */
  record Sample(
      Proxy proxy,
      Load load,
      double value,
      long bytes,
      double proxyS,
      double machineS,
      Span span) {}

  @JsonIgnore
  long failed() {
    return checks.stream().filter(check -> !check.good()).count();
  }

  @JsonIgnore
  long corruptedBytes() {
    return checks.stream().mapToLong(Check::corruptedBytes).sum();
  }
}
