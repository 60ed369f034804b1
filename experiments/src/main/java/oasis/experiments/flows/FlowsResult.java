// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.flows;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import oasis.experiments.measure.JmhRun;
import oasis.experiments.result.Columns;
import oasis.experiments.result.Computed;
import oasis.experiments.result.Goals;
import oasis.experiments.result.LineFigure;
import oasis.experiments.result.LineFigure.Axes;
import oasis.experiments.result.LineFigure.Line;
import oasis.experiments.result.LineFigure.Point;
import oasis.experiments.result.Numbers;
import oasis.experiments.result.Report;
import oasis.experiments.result.Series;

/**
 * Everything that is computed from the raw data of a run. A round is an iteration of a benchmark.
 */
public final class FlowsResult implements Computed {
  /** Its name in options, goals and results. */
  public static final String NAME = "flows";

  private static final String PLAN = "plan";
  private static final String SCORES = "scores";
  private static final double NS_PER_S = 1e9;

  private final Plan plan;
  private final List<Scored> scores;
  private final Report report;

  FlowsResult(Plan plan, List<Scored> scores) {
    this.plan = plan;
    this.scores = List.copyOf(scores);
    Series series = series(scores);
    long doubtful = scores.stream().filter(scored -> scored.span().doubtful()).count();
    report =
        new Report(
            NAME,
            series,
            Goals.load().judge(NAME, series, value -> true),
            Report.disturbed(doubtful, scores.size()),
            scores.size(),
            doubtful);
  }

  /**
   * Computes a recorded run again, from the raw data alone.
   *
   * @throws IOException when the record has no such data
   */
  public static FlowsResult of(JsonNode recorded) throws IOException {
    return new FlowsResult(
        Report.part(recorded, PLAN, Plan.class),
        List.of(Report.part(recorded, SCORES, Scored[].class)));
  }

  private static Series series(List<Scored> scores) {
    Series series = new Series();
    for (Scored scored : scores) {
      String subject = subject(scored.flows());
      List<Double> ns = scored.of(JmhRun.SCORE);
      List<Double> bytes = scored.of(JmhRun.BYTES_PER_OP);
      List<Double> mib = scored.of("mib");
      for (int i = 0; i < ns.size(); i++) {
        series.put(subject, scored.benchmark() + "_ns", i + 1, ns.get(i));
        if (scored.benchmark().equals(Plan.BEGIN)) {
          series.put(subject, "new_per_s", i + 1, NS_PER_S / ns.get(i));
        }
      }
      for (int i = 0; i < bytes.size(); i++) {
        series.put(subject, scored.benchmark() + "_bytes", i + 1, bytes.get(i));
      }
      for (int i = 0; i < mib.size(); i++) {
        series.put(subject, "memory_mib", i + 1, mib.get(i));
      }
    }
    return series;
  }

  private static String subject(int flows) {
    return NAME + flows;
  }

  @Override
  public Report report() {
    return report;
  }

  @Override
  public String text() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of("flows", "heap MiB", "packet out ns", "in ns", "B/packet", "new flow ns", "per s"));
    for (int flows : Plan.FLOWS) {
      List<String> row = new ArrayList<>();
      row.add(String.format(Locale.ROOT, "%,d", flows));
      row.add(number("%.1f", mean(flows, "memory_mib")));
      row.add(number("%.0f", mean(flows, "outbound_ns")));
      row.add(number("%.0f", mean(flows, "inbound_ns")));
      row.add(
          number("%.3f", Math.max(mean(flows, "outbound_bytes"), mean(flows, "inbound_bytes"))));
      row.add(number("%.0f", mean(flows, "begin_ns")));
      row.add(number("%,.0f", mean(flows, "new_per_s")));
      rows.add(row);
    }
    return "the client's flow map, in 256 MiB of heap"
        + (plan.quick() ? ", quick; " : "; ")
        + plan.java()
        + "\n\n"
        + Columns.align(rows)
        + "\n"
        + report.judgement(0);
  }

  private double mean(int flows, String value) {
    return Numbers.mean(report.series().of(subject(flows) + "." + value));
  }

  private static String number(String format, double number) {
    return Double.isNaN(number) ? "-" : String.format(Locale.ROOT, format, number);
  }

  @Override
  public String svg() {
    List<Line> lines = new ArrayList<>();
    for (String benchmark : Plan.BENCHMARKS) {
      List<Point> points = new ArrayList<>();
      for (int flows : Plan.FLOWS) {
        double ns = mean(flows, benchmark + "_ns");
        if (!Double.isNaN(ns)) {
          points.add(new Point(flows, ns));
        }
      }
      lines.add(new Line(benchmark, points));
    }
    Axes axes = new Axes("flows [logarithmic]", "time of a packet [ns]", true);
    return LineFigure.svg("The client's flow map", plan.java(), axes, lines, List.of());
  }

  @Override
  public String subject() {
    return NAME;
  }

  @Override
  public Map<String, Object> parts() {
    return Map.of(PLAN, plan, SCORES, scores);
  }
}
