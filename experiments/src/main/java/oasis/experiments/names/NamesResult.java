// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.names;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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

/** Everything that is computed from the raw data of a run. */
public final class NamesResult implements Computed {
  /** Its name in options, goals and results. */
  public static final String NAME = "dns";

  private static final String TITLE = "Overhead on DNS look-ups";

  /** Section 5.1 of the paper; "normal packets" had 2 ms. */
  private static final String PAPER =
      "100 rules, tried in sequence: of the same order as normal packets (2 ms)";

  private static final int PAPER_RULES = 100;
  private static final double PAPER_MS = 2;
  private static final String PLAN = "plan";
  private static final String STEPS = "steps";
  private static final double US_PER_MS = 1e3;
  private static final String NONE = "-";

  private final Plan plan;
  private final List<Step> steps;
  private final Report report;

  NamesResult(Plan plan, List<Step> steps) {
    this.plan = plan;
    this.steps = List.copyOf(steps);
    Series series = Metrics.of(steps);
    long doubtful = steps.stream().filter(step -> step.span().doubtful()).count();
    List<String> invalid = new ArrayList<>(Report.disturbed(doubtful, steps.size()));
    if (plan.rounds() < Plan.LEAST_ROUNDS) {
      invalid.add("only " + plan.rounds() + " of " + Plan.LEAST_ROUNDS + " interleaved rounds");
    }
    report =
        new Report(
            NAME,
            series,
            Goals.load().judge(NAME, series, value -> true),
            invalid,
            steps.size(),
            doubtful);
  }

  /**
   * Computes a recorded run again, from the raw data alone.
   *
   * @throws IOException when the record has no such data
   */
  public static NamesResult of(JsonNode recorded) throws IOException {
    return new NamesResult(
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
        + String.format(
            Locale.ROOT,
            "; %d rounds of %d look-ups by dig%s; seed %d; %s%n%n",
            plan.rounds(),
            plan.lookups(),
            plan.quick() ? ", quick" : "",
            plan.seed(),
            plan.java())
        + Columns.align(endToEnd())
        + "\nthe matcher alone, in 256 MiB of heap\n"
        + Columns.align(matcher())
        + "paper: "
        + PAPER
        + "\n\n"
        + report.judgement(plan.rounds());
  }

  private List<List<String>> endToEnd() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("host", "median ms", "p95", "added ms", "queries/s", "lost", "RSS MiB"));
    for (Host host : Host.values()) {
      List<Double> all = Metrics.all(steps, host);
      rows.add(
          List.of(
              host.title(),
              number("%.3f", Numbers.median(all)),
              number("%.3f", Numbers.percentile(all, 95)),
              number("%+.3f", mean(host, Metrics.ADDED_MS)),
              number("%,.0f", mean(host, DnsPerf.QPS)),
              number("%,.0f", mean(host, DnsPerf.LOST)),
              number("%.0f", mean(host, Metrics.RSS_MIB))));
    }
    return rows;
  }

  private List<List<String>> matcher() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of("rules", "look-up us", "java.util.regex one by one us", "build s", "heap MiB"));
    for (Host host : Host.byRules()) {
      rows.add(
          List.of(
              String.format(Locale.ROOT, "%,d", host.rules()),
              number("%.2f", mean(host, Metrics.LOOKUP_US)),
              number("%,.1f", mean(host, Metrics.REGEX_US)),
              number("%.2f", mean(host, Metrics.BUILD_S)),
              number("%.0f", mean(host, Metrics.HEAP_MIB))));
    }
    return rows;
  }

  private double mean(Host host, String value) {
    return Numbers.mean(report.series().of(host.word() + "." + value));
  }

  private static String number(String format, double number) {
    return Double.isNaN(number) ? NONE : String.format(Locale.ROOT, format, number);
  }

  @Override
  public String svg() {
    Axes axes = new Axes("name rules [logarithmic]", "time added to a look-up [ms]", true);
    List<Line> lines =
        List.of(
            line("end to end", Metrics.ADDED_MS, 1),
            line("the matcher alone", Metrics.LOOKUP_US, US_PER_MS));
    Mark paper = new Mark("paper: 2 ms", new Point(PAPER_RULES, PAPER_MS));
    String remark = plan.rounds() + " interleaved rounds; " + plan.java();
    return LineFigure.svg(TITLE, remark, axes, lines, List.of(paper));
  }

  private Line line(String name, String value, double divisor) {
    List<Point> points = new ArrayList<>();
    for (Host host : Host.byRules()) {
      double number = mean(host, value);
      if (!Double.isNaN(number)) {
        points.add(new Point(host.rules(), number / divisor));
      }
    }
    return new Line(name, points);
  }

  @Override
  public String subject() {
    return "host";
  }

  @Override
  public Map<String, Object> parts() {
    return Map.of("paper", PAPER, PLAN, plan, STEPS, steps);
  }
}
