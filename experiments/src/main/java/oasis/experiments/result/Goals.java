// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.result;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import org.apache.commons.math3.distribution.TDistribution;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;
import org.jspecify.annotations.Nullable;

/**
 * The table of goals ({@code experiments/goals.csv}) and the one place where values are compared
 * with them: each goal is judged by the mean of the rounds and its 95 % interval (Student's t). A
 * single round has no interval: it is taken at its word.
 */
public final class Goals {
  private static final String TABLE = "/goals.csv";
  private static final int CELLS = 7;

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
   * Reads a table: a head line, then experiment, value, comparison, goal, stretch goal or nothing,
   * unit, source.
   *
   * @throws IllegalArgumentException with the line that is wrong
   */
  static Goals parse(String csv) {
    List<Goal> goals = new ArrayList<>();
    for (String line : csv.lines().skip(1).filter(line -> !line.isBlank()).toList()) {
      String[] cells = line.split(",", CELLS);
      boolean known = cells.length == CELLS && (cells[2].equals(">=") || cells[2].equals("<="));
      if (!known) {
        throw new IllegalArgumentException("not a goal: " + line);
      }
      goals.add(
          new Goal(
              cells[0],
              cells[1],
              cells[2].equals(">="),
              Double.parseDouble(cells[3]),
              cells[4].isEmpty() ? null : Double.valueOf(cells[4]),
              cells[5]));
    }
    return new Goals(goals);
  }

  /**
   * Judges the values of an experiment.
   *
   * @param asked which values the run was to measure; goals for others are left out
   * @return one entry for each goal; a goal whose value is missing is not met
   */
  public List<Judged> judge(String experiment, Series series, Predicate<String> asked) {
    List<Judged> list = new ArrayList<>();
    for (Goal goal : goals) {
      if (goal.experiment().equals(experiment) && asked.test(goal.value())) {
        list.add(judge(goal, series.of(goal.value())));
      }
    }
    return list;
  }

  private static Judged judge(Goal goal, List<Double> rounds) {
    SummaryStatistics statistics = new SummaryStatistics();
    rounds.forEach(statistics::addValue);
    Double stretch = goal.stretch();
    return new Judged(
        goal.value(),
        rounds.isEmpty() ? null : statistics.getMean(),
        rounds.size() < 2 ? null : halfWidth(statistics),
        rounds.size(),
        goal.unit(),
        text(goal, goal.bound()),
        met(goal, goal.bound(), statistics),
        stretch == null ? null : text(goal, stretch),
        stretch == null ? null : met(goal, stretch, statistics));
  }

  private static Goal.Met met(Goal goal, double limit, SummaryStatistics statistics) {
    return statistics.getN() == 0
        ? Goal.Met.FALSE
        : goal.judge(statistics.getMean(), halfWidth(statistics), limit);
  }

  private static double halfWidth(SummaryStatistics statistics) {
    long n = statistics.getN();
    if (n < 2) {
      return 0;
    }
    double t = new TDistribution(null, n - 1).inverseCumulativeProbability(0.975);
    return t * statistics.getStandardDeviation() / Math.sqrt((double) n);
  }

  private static String text(Goal goal, double limit) {
    String number =
        limit == Math.rint(limit)
            ? String.format(Locale.ROOT, "%.0f", limit)
            : Double.toString(limit);
    return (goal.atLeast() ? ">= " : "<= ") + number;
  }

  /** True when there are goals and all of them are met. */
  public static boolean allMet(List<Judged> judged) {
    return !judged.isEmpty() && judged.stream().allMatch(goal -> goal.met() == Goal.Met.TRUE);
  }

  /** One line for each goal, in columns; reached stretch goals are named. */
  public static String text(List<Judged> judged) {
    StringBuilder text = new StringBuilder();
    int width = judged.stream().mapToInt(goal -> goal.name().length()).max().orElse(0);
    for (Judged goal : judged) {
      text.append(
          String.format(
              Locale.ROOT,
              "%-" + width + "s  %18s %-5s  %-9s %-8s%s%n",
              goal.name(),
              value(goal.value(), goal.halfWidth95()),
              goal.unit(),
              goal.goal(),
              word(goal.met()),
              goal.stretchMet() == Goal.Met.TRUE ? "  stretch " + goal.stretch() : ""));
    }
    return text.toString();
  }

  private static String value(@Nullable Double value, @Nullable Double halfWidth) {
    if (value == null) {
      return "not measured";
    }
    int decimals = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
    String format = "%." + decimals + "f";
    return String.format(Locale.ROOT, format, value)
        + (halfWidth == null ? "" : " ± " + String.format(Locale.ROOT, format, halfWidth));
  }

  private static String word(Goal.Met met) {
    return switch (met) {
      case TRUE -> "met";
      case FALSE -> "NOT MET";
      case UNCLEAR -> "UNCLEAR";
    };
  }
}
