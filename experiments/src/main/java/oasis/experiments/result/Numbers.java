// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.result;

import java.util.Collection;
import java.util.List;

/** Order statistics of a few numbers. */
public final class Numbers {
  private Numbers() {}

  /** The median, NaN of nothing. */
  public static double median(Collection<Double> numbers) {
    List<Double> sorted = numbers.stream().sorted().toList();
    int middle = sorted.size() / 2;
    if (sorted.isEmpty()) {
      return Double.NaN;
    }
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  /**
   * How many of the smallest numbers, and of the largest, lie outside of the interval that holds
   * the median with 95 % at least, whatever the numbers' distribution (order statistics; each
   * number is on either side of the median as a coin falls).
   *
   * @return 0 also when there are too few for that, so that all of them lie within
   */
  static int outsideMedian(int count) {
    double probability = Math.pow(0.5, count);
    double sum = probability;
    int outside = 0;
    while (sum <= 0.025 && outside < count / 2) {
      outside++;
      probability *= (double) (count - outside + 1) / outside;
      sum += probability;
    }
    return Math.max(0, outside - 1);
  }

  /** The lower end of the median's 95 % interval, see {@link #outsideMedian}; NaN of nothing. */
  public static double medianLow(Collection<Double> numbers) {
    List<Double> sorted = numbers.stream().sorted().toList();
    return sorted.isEmpty() ? Double.NaN : sorted.get(outsideMedian(sorted.size()));
  }

  /** Its upper end. */
  public static double medianHigh(Collection<Double> numbers) {
    List<Double> sorted = numbers.stream().sorted().toList();
    return sorted.isEmpty()
        ? Double.NaN
        : sorted.get(sorted.size() - 1 - outsideMedian(sorted.size()));
  }

  /** The mean, NaN of nothing. */
  public static double mean(Collection<Double> numbers) {
    return numbers.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
  }

  /** The smallest number that at least {@code percent} of all do not exceed, NaN of nothing. */
  public static double percentile(Collection<Double> numbers, int percent) {
    List<Double> sorted = numbers.stream().sorted().toList();
    if (sorted.isEmpty()) {
      return Double.NaN;
    }
    int rank = (int) Math.ceil(sorted.size() * percent / 100.0);
    return sorted.get(Math.max(rank, 1) - 1);
  }

  /** The smallest, NaN of nothing. */
  public static double smallest(Collection<Double> numbers) {
    return numbers.stream().mapToDouble(Double::doubleValue).min().orElse(Double.NaN);
  }

  /** The largest, NaN of nothing. */
  public static double largest(Collection<Double> numbers) {
    return numbers.stream().mapToDouble(Double::doubleValue).max().orElse(Double.NaN);
  }
}
