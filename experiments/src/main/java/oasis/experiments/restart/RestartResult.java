// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.restart;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import oasis.experiments.result.BarFigure;
import oasis.experiments.result.BarFigure.Panel;
import oasis.experiments.result.BarFigure.Row;
import oasis.experiments.result.Columns;
import oasis.experiments.result.Computed;
import oasis.experiments.result.Goals;
import oasis.experiments.result.Numbers;
import oasis.experiments.result.Report;
import oasis.experiments.result.Series;

/** Everything that is computed from the raw data of a run. */
public final class RestartResult implements Computed {
  /** Its name in options, goals and results. */
  public static final String NAME = "exit-restart";

  private static final String TITLE = "Downloads through an exit node that is replaced";
  private static final String PLAN = "plan";
  private static final String STEPS = "steps";

  private final Plan plan;
  private final List<Step> steps;
  private final Report report;

  RestartResult(Plan plan, List<Step> steps) {
    this.plan = plan;
    this.steps = List.copyOf(steps);
    Series series = series(steps);
    List<String> invalid = new ArrayList<>();
    for (Step step : steps) {
      for (String doubt : step.doubts()) {
        invalid.add(
            "round %d, %s, %s: %s"
                .formatted(step.round(), step.way().title(), step.change().title(), doubt));
      }
    }
    int all = plan.rounds() * plan.ways().size() * Change.values().length;
    if (steps.size() < all) {
      invalid.add("only " + steps.size() + " of " + all + " steps");
    }
    long doubtful = steps.stream().filter(step -> !step.doubts().isEmpty()).count();
    report =
        new Report(
            NAME,
            series,
            Goals.load().judge(NAME, series, this::asked),
            invalid,
            steps.size(),
            doubtful);
  }

  private boolean asked(String value) {
    return plan.ways().stream().anyMatch(way -> value.startsWith(way.word() + "-"));
  }

  /**
   * By way and change: {@code failed}, downloads; {@code standstill_ms}, longest time without an
   * answer to a ping; {@code change_ms}, until the next node carries; {@code resets} of the exit
   * node's kernel; {@code left}, things that a killed node left.
   */
  private static Series series(List<Step> steps) {
    Series series = new Series();
    for (Step step : steps) {
      String who = step.way().word() + "-" + step.change().word();
      series.put(who, "failed", step.round(), (double) step.failed());
      series.put(who, "standstill_ms", step.round(), step.standstillMs());
      series.put(who, "change_ms", step.round(), step.changeMs());
      series.put(who, "resets", step.round(), (double) step.resets());
      if (step.change() == Change.KILLED) {
        series.put(who, "left", step.round(), step.left().size());
      }
    }
    return series;
  }

  /**
   * Computes a recorded run again, from the raw data alone.
   *
   * @throws IOException when the record has no raw data of this experiment
   */
  public static RestartResult of(JsonNode recorded) throws IOException {
    return new RestartResult(
        Report.part(recorded, PLAN, Plan.class),
        List.of(Report.part(recorded, STEPS, Step[].class)));
  }

  @Override
  public Report report() {
    return report;
  }

  @Override
  public String text() {
    return "%s; %d %s%s; %s%n%d downloads by curl of %d bytes, moments drawn by the seed %d%n%n%s%n%s"
        .formatted(
            TITLE,
            plan.rounds(),
            plan.rounds() == 1 ? "round" : "rounds",
            plan.quick() ? ", quick" : "",
            plan.java(),
            Plan.DOWNLOADS,
            Plan.BYTES,
            plan.seed(),
            table(),
            report.judgement(plan.rounds()));
  }

  private String table() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "exit node",
            "change",
            "failed",
            "of",
            "standstill [ms]",
            "change [ms]",
            "resets",
            "left"));
    for (Way way : Way.values()) {
      for (Change change : Change.values()) {
        List<Step> some = of(way, change);
        if (!some.isEmpty()) {
          rows.add(row(way, change, some));
        }
      }
    }
    return Columns.align(rows)
        + "standstill and change: medians; left: things that a killed node left\n";
  }

  private static List<String> row(Way way, Change change, List<Step> some) {
    return List.of(
        way.title(),
        change.title(),
        Long.toString(some.stream().mapToLong(Step::failed).sum()),
        Integer.toString(some.stream().mapToInt(step -> step.downloads().size()).sum()),
        median(some, Step::standstillMs),
        median(some, Step::changeMs),
        Long.toString(some.stream().mapToLong(Step::resets).sum()),
        change == Change.KILLED
            ? Integer.toString(some.stream().mapToInt(step -> step.left().size()).sum())
            : "-");
  }

  private static String median(List<Step> some, ToDoubleFunction<Step> value) {
    double median = Numbers.median(some.stream().map(value::applyAsDouble).toList());
    return String.format(Locale.ROOT, "%.0f", median);
  }

  private List<Step> of(Way way, Change change) {
    return steps.stream().filter(s -> s.way() == way && s.change() == change).toList();
  }

  @Override
  public String svg() {
    BarFigure figure =
        new BarFigure(
            TITLE, "%d downloads by curl in each round; %s".formatted(Plan.DOWNLOADS, plan.java()));
    figure.add(panel("downloads that fail", Step::failed));
    figure.add(panel("longest time without an answer to a ping [ms]", Step::standstillMs));
    return figure.svg();
  }

  private Panel panel(String title, ToDoubleFunction<Step> value) {
    List<Row> rows = new ArrayList<>();
    for (Way way : Way.values()) {
      List<List<Double>> row = new ArrayList<>();
      for (Change change : Change.values()) {
        row.add(of(way, change).stream().map(value::applyAsDouble).toList());
      }
      rows.add(new Row(way.title(), row));
    }
    List<String> bars = new ArrayList<>();
    for (Change change : Change.values()) {
      bars.add(change.title());
    }
    return new Panel(title, false, bars, rows);
  }

  @Override
  public String subject() {
    return "exit node";
  }

  @Override
  public Map<String, Object> parts() {
    return Map.of(PLAN, plan, STEPS, steps);
  }
}
