// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import oasis.experiments.result.Computed;
import oasis.experiments.result.Goals;
import oasis.experiments.result.LineFigure;
import oasis.experiments.result.LineFigure.Axes;
import oasis.experiments.result.LineFigure.Line;
import oasis.experiments.result.LineFigure.Point;
import oasis.experiments.result.Report;

/** Everything that is computed from the raw data of a figure. */
public final class FigureResult implements Computed {
  private static final String PLAN = "plan";
  private static final String STEPS = "steps";
  private static final double NS_PER_MS = 1e6;

  private final Plan plan;
  private final List<Step> steps;
  private final Report report;

  FigureResult(Plan plan, List<Step> steps) {
    this.plan = plan;
    this.steps = List.copyOf(steps);
    String name = plan.figure().word();
    var series = Metrics.of(plan.figure(), steps);
    long doubtful = steps.stream().filter(Step::doubtful).count();
    report =
        new Report(
            name,
            series,
            Goals.load().judge(name, series, value -> true),
            invalid(plan, steps, doubtful),
            steps.size(),
            doubtful);
  }

  private static List<String> invalid(Plan plan, List<Step> steps, long doubtful) {
    List<String> reasons = new ArrayList<>(Report.disturbed(doubtful, steps.size()));
    boolean paired = plan.figure() == PaperFigure.FIG7 || plan.figure() == PaperFigure.FIG8;
    if (paired && plan.rounds() < Plan.LEAST_PAIRS) {
      reasons.add("only " + plan.rounds() + " of " + Plan.LEAST_PAIRS + " interleaved pairs");
    }
    return reasons;
  }

  /** Whether an experiment of this name is one of these figures. */
  public static boolean has(String name) {
    return Arrays.stream(PaperFigure.values()).anyMatch(figure -> figure.word().equals(name));
  }

  /**
   * Computes a recorded run again, from the raw data alone.
   *
   * @throws IOException when the record has no raw data of a figure
   */
  public static FigureResult of(JsonNode recorded) throws IOException {
    return new FigureResult(
        Report.part(recorded, PLAN, Plan.class),
        List.of(Report.part(recorded, STEPS, Step[].class)));
  }

  @Override
  public Report report() {
    return report;
  }

  @Override
  public String text() {
    return head()
        + "\n"
        + FigureTable.of(plan.figure(), steps, report.series())
        + "paper: "
        + plan.figure().found()
        + "\n\n"
        + report.judgement(plan.rounds());
  }

  private String head() {
    StringBuilder text = new StringBuilder(plan.figure().title());
    text.append("; ").append(plan.rounds()).append(plan.rounds() == 1 ? " round" : " rounds");
    text.append(plan.quick() ? ", quick; " : "; ").append(plan.java()).append('\n');
    if (!plan.figure().isLoad()) {
      text.append("RTT of the destinations, drawn by the seed ").append(plan.seed()).append(":");
      for (Destination destination : plan.destinations()) {
        text.append(String.format(Locale.ROOT, " %.1f", destination.rttNs() / NS_PER_MS));
      }
      text.append(" ms\n");
    }
    return text.toString();
  }

  @Override
  public String svg() {
    PaperFigure figure = plan.figure();
    String remark =
        plan.rounds() + (plan.rounds() == 1 ? " round; " : " interleaved rounds; ") + plan.java();
    Axes axes =
        figure.isLoad()
            ? new Axes("UDP [Mbit/s, logarithmic]", "CPU of the client [% of a core]", true)
            : new Axes("added time [ms]", "destinations [%]", false);
    List<Line> lines = new ArrayList<>();
    for (Setup setup : Setup.values()) {
      List<Point> points = figure.isLoad() ? curve(setup) : distribution(setup);
      if (!points.isEmpty()) {
        lines.add(new Line(setup.title(), points));
      }
    }
    return LineFigure.svg(figure.title(), remark, axes, lines, List.of(figure.mark()));
  }

  private List<Point> distribution(Setup setup) {
    List<Point> points = new ArrayList<>();
    if (setup != Setup.DIRECT) {
      List<Double> added = Metrics.distribution(steps, setup);
      for (int i = 0; i < added.size(); i++) {
        points.add(new Point(added.get(i), 100.0 * (i + 1) / added.size()));
      }
    }
    return points;
  }

  private List<Point> curve(Setup setup) {
    List<Point> points = new ArrayList<>();
    for (String rate : FigureTable.rates(steps)) {
      double percent = FigureTable.median(report.series(), setup, "cpu_" + rate + "mbit");
      if (!Double.isNaN(percent)) {
        points.add(new Point(Double.parseDouble(rate), percent));
      }
    }
    return points;
  }

  @Override
  public String subject() {
    return "host";
  }

  @Override
  public Map<String, Object> parts() {
    return Map.of(
        "paper",
        plan.figure().found(),
        PLAN,
        plan,
        "destinations",
        plan.destinations(),
        STEPS,
        steps);
  }
}
