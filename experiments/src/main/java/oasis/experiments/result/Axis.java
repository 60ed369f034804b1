// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.result;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * An axis from its begin to its end.
 *
 * @param low its begin
 * @param high its end
 * @param logarithmic whether it goes by powers of ten
 * @param ticks values that are written at it
 */
record Axis(double low, double high, boolean logarithmic, List<Double> ticks) {
  /** What shows all values; a linear one has 0 in it. */
  static Axis of(Collection<Double> values, boolean logarithmic) {
    double most = 0;
    double least = Double.MAX_VALUE;
    for (double value : values) {
      most = Math.max(most, value);
      least = Math.min(least, value > 0 || !logarithmic ? value : least);
    }
    if (logarithmic) {
      most = most > 0 ? most : 1;
      return decades(Math.min(least, most), most);
    }
    double low = Math.min(0, least);
    return linear(low, most > low ? most : low + 1);
  }

  private static Axis decades(double least, double most) {
    // A bar of the smallest value must still be seen.
    double low = Math.pow(10, Math.floor(Math.log10(least * 0.8)));
    List<Double> ticks = new ArrayList<>();
    for (double tick = low; tick <= most * 1.001; tick *= 10) {
      ticks.add(tick);
    }
    return new Axis(low, most, true, ticks);
  }

  private static Axis linear(double low, double most) {
    double length = most - low;
    double step = Math.pow(10, Math.floor(Math.log10(length)));
    step = length / step > 5 ? step * 2 : length / step > 2 ? step : step / 2;
    List<Double> ticks = new ArrayList<>();
    for (long i = (long) Math.ceil(low / step - 0.001); i * step <= most + length * 0.001; i++) {
      ticks.add(i * step);
    }
    return new Axis(low, most, false, ticks);
  }

  /** Where a value is: 0 at the begin, 1 at the end. */
  double fraction(double value) {
    return logarithmic
        ? Math.log(Math.max(value, low) / low) / Math.log(high / low)
        : (value - low) / (high - low);
  }
}
