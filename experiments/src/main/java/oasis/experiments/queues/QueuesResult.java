// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.queues;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import oasis.experiments.queues.Step.Overload;
import oasis.experiments.queues.Step.Share;
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
import oasis.experiments.result.Series;

/** Everything that is computed from the raw data of a queues run. */
public final class QueuesResult implements Computed {
  /** Its name in options, goals and results. */
  public static final String NAME = "queues";

  private static final String TITLE = "What classes and clients get of a link that is too small";
  private static final String PLAN = "plan";
  private static final String STEPS = "steps";

  /** The lower class has to send this many times what it can get; less proves nothing. */
  private static final double LEAST_OVERLOAD = 0.95 * Plan.OVERLOAD;

  private final Plan plan;
  private final List<Step> steps;
  private final Report report;

  QueuesResult(Plan plan, List<Step> steps) {
    this.plan = plan;
    this.steps = List.copyOf(steps);
    Series series = Metrics.of(steps);
    long doubtful = steps.stream().filter(Step::doubtful).count();
    report =
        new Report(
            NAME,
            series,
            Goals.load().judge(NAME, series, value -> true),
            invalid(plan, steps, series, doubtful),
            steps.size(),
            doubtful);
  }

  private static List<String> invalid(Plan plan, List<Step> steps, Series series, long doubtful) {
    List<String> reasons = new ArrayList<>(Report.disturbed(doubtful, steps.size()));
    int expected = plan.rounds() * Setup.values().length * Load.values().length;
    if (steps.size() != expected) {
      reasons.add(steps.size() + " of " + expected + " measurements are there");
    }
    double least = Numbers.smallest(series.of(Setup.CLASSES.word() + ".overload"));
    if (!(least >= LEAST_OVERLOAD)) {
      reasons.add(
          String.format(
              Locale.ROOT, "the lower class sent %.1f times what it could get only", least));
    }
    return reasons;
  }

  /**
   * Computes a recorded run again, from the raw data alone.
   *
   * @throws IOException when the record has no raw data of this experiment
   */
  public static QueuesResult of(JsonNode recorded) throws IOException {
    return new QueuesResult(
        Report.part(recorded, PLAN, Plan.class),
        List.of(Report.part(recorded, STEPS, Step[].class)));
  }

  @Override
  public Report report() {
    return report;
  }

  @Override
  public String text() {
    return String.format(
            Locale.ROOT,
            "%s; %d rounds of %d s%s; %s%n%.0f Mbit/s; moments of sending drawn by the seed %d%n%n",
            TITLE,
            plan.rounds(),
            plan.seconds(),
            plan.quick() ? ", quick" : "",
            plan.java(),
            Plan.CAP_MBITS,
            plan.seed())
        + table()
        + "\n"
        + report.judgement(plan.rounds());
  }

  private String table() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "medians of the rounds",
            "high Mbit/s",
            "kept %",
            "p50 ms",
            "p99 ms",
            "low Mbit/s",
            "of the rest %",
            "1 / " + Plan.FLOWS + " flows out",
            "in"));
    for (Setup setup : Setup.values()) {
      rows.add(
          List.of(
              setup.title(),
              number(overloads(setup).stream().map(Metrics::highMbits).toList()),
              number(values(setup, "high_kept_percent")),
              number(values(setup, "high_p50_ms")),
              number(values(setup, "high_p99_ms")),
              number(overloads(setup).stream().map(Metrics::lowMbits).toList()),
              number(values(setup, "low_rest_percent")),
              shares(setup, Load.OUT),
              shares(setup, Load.IN)));
    }
    return Columns.align(rows);
  }

  private List<Double> values(Setup setup, String value) {
    return report.series().of(setup.word() + "." + value);
  }

  private List<Overload> overloads(Setup setup) {
    return steps.stream()
        .filter(step -> step.setup() == setup)
        .map(Step::overload)
        .filter(Objects::nonNull)
        .toList();
  }

  private String shares(Setup setup, Load load) {
    List<Share> shares =
        steps.stream()
            .filter(step -> step.setup() == setup && step.load() == load)
            .map(Step::share)
            .filter(Objects::nonNull)
            .toList();
    return number(shares.stream().map(Share::one).toList())
        + " / "
        + number(shares.stream().map(Share::many).toList());
  }

  private static String number(List<Double> rounds) {
    double median = Numbers.median(rounds);
    if (Double.isNaN(median)) {
      return "-";
    }
    return median >= Metrics.NEVER_MS ? "lost" : String.format(Locale.ROOT, "%.2f", median);
  }

  @Override
  public String svg() {
    List<Line> lines = new ArrayList<>();
    for (Setup setup : Setup.values()) {
      List<Point> points = new ArrayList<>();
      for (int percent = 1; percent <= 100 && !overloads(setup).isEmpty(); percent++) {
        int of = percent;
        double ms =
            Numbers.median(
                overloads(setup).stream().map(one -> Metrics.percentileMs(one, of)).toList());
        if (ms < Metrics.NEVER_MS) {
          points.add(new Point(ms, percent));
        }
      }
      if (!points.isEmpty()) {
        lines.add(new Line(setup.title(), points));
      }
    }
    return LineFigure.svg(
        "Delay of a class while a lower one sends " + Plan.OVERLOAD + " times what it can get",
        "median of " + plan.rounds() + " rounds; what never arrives is missing at the top",
        new Axes("time from sending to reception [ms, logarithmic]", "packets sent [%]", true),
        lines,
        List.of(new Mark("goal", new Point(10, 99))));
  }

  @Override
  public String subject() {
    return "setup";
  }

  @Override
  public Map<String, Object> parts() {
    return Map.of(PLAN, plan, STEPS, steps);
  }
}
