// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.failover;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import oasis.experiments.result.Columns;
import oasis.experiments.result.Computed;
import oasis.experiments.result.Goals;
import oasis.experiments.result.LineFigure;
import oasis.experiments.result.LineFigure.Axes;
import oasis.experiments.result.LineFigure.Line;
import oasis.experiments.result.LineFigure.Mark;
import oasis.experiments.result.LineFigure.Point;
import oasis.experiments.result.Numbers;
import oasis.experiments.result.Report;

/** Everything that is computed from the raw data of a failover run. */
public final class FailoverResult implements Computed {
  /** Its name in options, goals and results. */
  public static final String NAME = "failover";

  private static final String TITLE = "What programs notice when an entry node dies";
  private static final String PLAN = "plan";
  private static final String STEPS = "steps";
  private static final List<Integer> PERCENTILES = List.of(50, 90, 95, 99, 100);

  private final Plan plan;
  private final List<Step> steps;
  private final Report report;

  /** One of the distributions. */
  private record Kind(String title, Function<List<Step>, List<Double>> of) {}

  private static final List<Kind> KINDS =
      List.of(
          new Kind("new connection", Metrics::begun),
          new Kind("download reset", Metrics::ends),
          new Kind("its retry connects", Metrics::again));

  FailoverResult(Plan plan, List<Step> steps) {
    this.plan = plan;
    this.steps = List.copyOf(steps);
    var series = Metrics.of(steps);
    long doubtful = steps.stream().filter(Step::doubtful).count();
    report =
        new Report(
            NAME,
            series,
            Goals.load().judge(NAME, series, value -> true),
            invalid(steps, doubtful),
            steps.size(),
            doubtful);
  }

  private static List<String> invalid(List<Step> steps, long doubtful) {
    List<String> reasons = new ArrayList<>(Report.disturbed(doubtful, steps.size()));
    for (Step step : steps) {
      if (step.downloads().size() != Plan.DOWNLOADS || step.attempts().size() != Plan.ATTEMPTS) {
        reasons.add("round " + step.round() + " is not complete");
      }
    }
    return reasons;
  }

  /**
   * Computes a recorded run again, from the raw data alone.
   *
   * @throws IOException when the record has no raw data of this experiment
   */
  public static FailoverResult of(JsonNode recorded) throws IOException {
    return new FailoverResult(
        Report.part(recorded, PLAN, Plan.class),
        List.of(Report.part(recorded, STEPS, Step[].class)));
  }

  @Override
  public Report report() {
    return report;
  }

  @Override
  public String text() {
    return TITLE
        + "; "
        + plan.rounds()
        + (plan.rounds() == 1 ? " round" : " rounds")
        + (plan.quick() ? ", quick; " : "; ")
        + plan.java()
        + "\n"
        + Plan.DOWNLOADS
        + " downloads, moments of failure drawn by the seed "
        + plan.seed()
        + "; seconds\n\n"
        + table()
        + "\n"
        + report.judgement(plan.rounds());
  }

  private String table() {
    List<List<String>> rows = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("failure", "seconds", "number"));
    PERCENTILES.forEach(percent -> head.add(percent == 100 ? "most" : "p" + percent));
    rows.add(head);
    for (Failure failure : Failure.values()) {
      for (Kind kind : KINDS) {
        List<Double> all = kind.of().apply(Metrics.of(failure, steps));
        List<String> row = new ArrayList<>(List.of(failure.title(), kind.title()));
        row.add(Integer.toString(all.size()));
        PERCENTILES.forEach(percent -> row.add(number(Numbers.percentile(all, percent))));
        rows.add(row);
      }
    }
    return Columns.align(rows) + lost();
  }

  private String lost() {
    long lost = steps.stream().mapToLong(Metrics::lost).sum();
    return lost == 0 ? "" : lost + " new connections never succeeded\n";
  }

  private static String number(double seconds) {
    return Double.isNaN(seconds) ? "-" : String.format(Locale.ROOT, "%.3f", seconds);
  }

  @Override
  public String svg() {
    List<Line> lines = new ArrayList<>();
    for (Failure failure : Failure.values()) {
      for (Kind kind : KINDS.subList(0, 2)) {
        List<Double> all = kind.of().apply(Metrics.of(failure, steps));
        List<Point> points = new ArrayList<>();
        for (int percent = 1; percent <= 100 && !all.isEmpty(); percent++) {
          points.add(new Point(Numbers.percentile(all, percent), percent));
        }
        if (!points.isEmpty()) {
          lines.add(new Line(failure.word() + ": " + kind.title(), points));
        }
      }
    }
    return LineFigure.svg(
        TITLE,
        plan.rounds() + " failures of each kind under " + Plan.DOWNLOADS + " downloads",
        new Axes("time [s, logarithmic]", "connections [%]", true),
        lines,
        List.of(
            new Mark("goal: new ones", new Point(1, 95)),
            new Mark("goal: resets", new Point(2, 100))));
  }

  @Override
  public String subject() {
    return "failure";
  }

  @Override
  public Map<String, Object> parts() {
    return Map.of(PLAN, plan, STEPS, steps);
  }
}
