// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.result;

import com.fasterxml.jackson.annotation.JsonValue;
import org.jspecify.annotations.Nullable;

/**
 * A value that an experiment must reach.
 *
 * @param experiment name of the experiment
 * @param value which value, see {@link Series#of}
 * @param atLeast true for "at least", false for "at most"
 * @param bound the goal
 * @param stretch a harder goal that is only reported, or null
 * @param unit unit of value and goal
 */
public record Goal(
    String experiment,
    String value,
    boolean atLeast,
    double bound,
    @Nullable Double stretch,
    String unit) {
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
  Met judge(double mean, double halfWidth, double limit) {
    double sign = atLeast ? 1 : -1;
    if (sign * (mean - limit) >= halfWidth) {
      return Met.TRUE;
    }
    return sign * (limit - mean) > halfWidth ? Met.FALSE : Met.UNCLEAR;
  }
}
