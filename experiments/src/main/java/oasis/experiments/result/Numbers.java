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
