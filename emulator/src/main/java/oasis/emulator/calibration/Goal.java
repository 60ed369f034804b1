// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.calibration;

/**
 * A measured value beside what it should be.
 *
 * @param name of the quantity
 * @param value as measured
 * @param unit of value and limit
 * @param goal the limit as text, {@code <= 15} or {@code >= 95}
 * @param met whether the value keeps to it
 */
public record Goal(String name, double value, String unit, String goal, boolean met) {
  /** A value that should not exceed a limit. */
  static Goal atMost(String name, double value, String unit, double limit) {
    return new Goal(name, round(value), unit, "<= " + text(limit), value <= limit);
  }

  /** A value that should reach a limit. */
  static Goal atLeast(String name, double value, String unit, double limit) {
    return new Goal(name, round(value), unit, ">= " + text(limit), value >= limit);
  }

  private static double round(double value) {
    return Math.round(value * 100) / 100.0;
  }

  private static String text(double limit) {
    return limit == Math.rint(limit) ? Long.toString((long) limit) : Double.toString(limit);
  }
}
