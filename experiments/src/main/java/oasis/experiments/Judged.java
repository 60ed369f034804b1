// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A value beside its goal, as it stands in a result's JSON.
 *
 * @param name name of the value
 * @param value mean of the rounds, or null when it was not measured
 * @param halfWidth95 half-width of its 95 % interval, or null for fewer than two rounds
 * @param unit unit of value and goal
 * @param goal the goal as text, {@code >= 4000}
 * @param met whether it is met
 */
public record Judged(
    String name,
    @Nullable Double value,
    @Nullable Double halfWidth95,
    String unit,
    String goal,
    Goal.Met met) {
  /** One line for people. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "goal %s: %s %s, %s: %s",
        name,
        value == null ? "not measured" : String.format(Locale.ROOT, "%.0f", value),
        unit,
        goal,
        met == Goal.Met.TRUE ? "met" : met == Goal.Met.FALSE ? "NOT MET" : "UNCLEAR");
  }
}
