// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.result;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Values of an experiment by name and round. A name is {@code SUBJECT.VALUE}, such as {@code
 * ours.tcp_up.default}: what was measured on whom. Confined to one thread.
 */
public final class Series {
  private final Map<String, SortedMap<Integer, Double>> values = new TreeMap<>();

  /** Adds the value of a round; a second one for the same round replaces the first. */
  public void put(String subject, String value, int round, double number) {
    values.computeIfAbsent(subject + "." + value, key -> new TreeMap<>()).put(round, number);
  }

  /** All values, by name and round. */
  public Map<String, SortedMap<Integer, Double>> all() {
    return values;
  }

  /**
   * The numbers behind an expression: a name, or {@code SUBJECT.VALUE/OTHER}, the ratio of the
   * subject's value to the same value of another subject in the same round.
   *
   * @return one number for each round that has all parts
   */
  public List<Double> of(String expression) {
    List<Double> numbers = new ArrayList<>();
    Map<Integer, Double> above = named(numerator(expression));
    int slash = expression.indexOf('/');
    if (slash < 0) {
      numbers.addAll(above.values());
      return numbers;
    }
    Map<Integer, Double> below = named(denominator(expression));
    above.forEach(
        (round, number) -> {
          Double divisor = below.get(round);
          if (divisor != null && divisor > 0) {
            numbers.add(number / divisor);
          }
        });
    return numbers;
  }

  /** The names that an expression uses. */
  public static List<String> names(String expression) {
    return expression.indexOf('/') < 0
        ? List.of(expression)
        : List.of(numerator(expression), denominator(expression));
  }

  private Map<Integer, Double> named(String name) {
    return values.getOrDefault(name, new TreeMap<>());
  }

  private static String numerator(String expression) {
    int slash = expression.indexOf('/');
    return slash < 0 ? expression : expression.substring(0, slash);
  }

  private static String denominator(String expression) {
    int slash = expression.indexOf('/');
    return expression.substring(slash + 1) + expression.substring(expression.indexOf('.'), slash);
  }
}
