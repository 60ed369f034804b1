// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import com.fasterxml.jackson.annotation.JsonValue;

/**
 * A value that an experiment must reach.
 *
 * @param experiment name of the experiment
 * @param value name of the value
 * @param atLeast true for "at least", false for "at most"
 * @param bound the goal
 * @param unit unit of value and goal
 */
public record Goal(String experiment, String value, boolean atLeast, double bound, String unit) {
  /** Whether a goal is met. */
  public enum Met {
    TRUE,
    FALSE,
    /** The 95 % interval of the value straddles the goal. */
    UNCLEAR;

    /** {@code true}, {@code false} or {@code "unclear"} in JSON. */
    @JsonValue
    Object json() {
      return this == UNCLEAR ? "unclear" : (Object) (this == TRUE);
    }
  }

  /** Judges a value by its mean and the half-width of its 95 % interval. */
  public Met judge(double mean, double halfWidth) {
    double sign = atLeast ? 1 : -1;
    if (sign * (mean - bound) >= halfWidth) {
      return Met.TRUE;
    }
    return sign * (bound - mean) > halfWidth ? Met.FALSE : Met.UNCLEAR;
  }
}
