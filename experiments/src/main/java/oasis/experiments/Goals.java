// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.math3.distribution.TDistribution;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;

/**
 * The table of goals ({@code experiments/goals.csv}) and the one place where values are compared
 * with them: each goal is judged by the mean of the rounds and its 95 % interval (Student's t).
 */
public final class Goals {
  private static final String TABLE = "/goals.csv";

  private final List<Goal> goals;

  private Goals(List<Goal> goals) {
    this.goals = goals;
  }

  /** Reads the table that is built into the program. */
  public static Goals load() {
    try (InputStream in = Goals.class.getResourceAsStream(TABLE)) {
      if (in == null) {
        throw new IllegalStateException("the table of goals is not in the class path");
      }
      return parse(new String(in.readAllBytes(), UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads a table: a head line, then experiment, value, comparison, goal, unit, source.
   *
   * @throws IllegalArgumentException with the line that is wrong
   */
  static Goals parse(String csv) {
    List<Goal> goals = new ArrayList<>();
    for (String line : csv.lines().skip(1).filter(line -> !line.isBlank()).toList()) {
      String[] cells = line.split(",", 6);
      boolean known = cells.length == 6 && (cells[2].equals(">=") || cells[2].equals("<="));
      if (!known) {
        throw new IllegalArgumentException("not a goal: " + line);
      }
      goals.add(
          new Goal(
              cells[0], cells[1], cells[2].equals(">="), Double.parseDouble(cells[3]), cells[4]));
    }
    return new Goals(goals);
  }

  /**
   * Judges the values of an experiment.
   *
   * @param rounds by name of the value, one number for each round
   * @return one entry for each goal; a goal whose value is missing is not met
   */
  public List<Judged> judge(String experiment, Map<String, List<Double>> rounds) {
    List<Judged> list = new ArrayList<>();
    for (Goal goal : goals) {
      if (goal.experiment().equals(experiment)) {
        list.add(judge(goal, rounds.getOrDefault(goal.value(), List.of())));
      }
    }
    return list;
  }

  private static Judged judge(Goal goal, List<Double> values) {
    SummaryStatistics statistics = new SummaryStatistics();
    values.forEach(statistics::addValue);
    double mean = statistics.getMean();
    double halfWidth = halfWidth(statistics);
    Goal.Met met =
        values.isEmpty()
            ? Goal.Met.FALSE
            // A single round has no interval: it is taken at its word.
            : goal.judge(mean, values.size() < 2 ? 0 : halfWidth);
    return new Judged(
        goal.value(),
        values.isEmpty() ? null : mean,
        values.size() < 2 ? null : halfWidth,
        goal.unit(),
        (goal.atLeast() ? ">= " : "<= ") + plain(goal.bound()),
        met);
  }

  private static double halfWidth(SummaryStatistics statistics) {
    long n = statistics.getN();
    if (n < 2) {
      return 0;
    }
    double t = new TDistribution(null, n - 1).inverseCumulativeProbability(0.975);
    return t * statistics.getStandardDeviation() / Math.sqrt((double) n);
  }

  private static String plain(double number) {
    return number == Math.rint(number)
        ? String.format(Locale.ROOT, "%.0f", number)
        : Double.toString(number);
  }

  /** True when all goals of the list are met. */
  public static boolean allMet(List<Judged> judged) {
    return judged.stream().allMatch(goal -> goal.met() == Goal.Met.TRUE);
  }
}
