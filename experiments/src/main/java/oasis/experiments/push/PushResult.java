// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.push;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import oasis.experiments.push.Step.Fetched;
import oasis.experiments.push.Step.Seen;
import oasis.experiments.result.BarFigure;
import oasis.experiments.result.BarFigure.Panel;
import oasis.experiments.result.BarFigure.Row;
import oasis.experiments.result.Columns;
import oasis.experiments.result.Computed;
import oasis.experiments.result.Goals;
import oasis.experiments.result.Report;

/** Everything that is computed from the raw data of a run. */
public final class PushResult implements Computed {
  /** Its name in options, goals and results. */
  public static final String NAME = "slice-push";

  private static final String TITLE = "Pushing the exit node to slices";
  private static final String PLAN = "plan";
  private static final String STEPS = "steps";
  private static final List<String> PHASES =
      List.of("probe", "copy", "verify", "switch", "start", "check");
  private static final double MS_PER_S = 1e3;

  /** More than what may lie in a client's buffers already. */
  private static final int LEAST_UNREAD = 200_000;

  private final Plan plan;
  private final List<Step> steps;
  private final Report report;

  PushResult(Plan plan, List<Step> steps) {
    this.plan = plan;
    this.steps = List.copyOf(steps);
    var series = Metrics.of(steps);
    long doubtful = steps.stream().filter(step -> step.span().doubtful()).count();
    report =
        new Report(
            NAME,
            series,
            Goals.load().judge(NAME, series, value -> true),
            invalid(doubtful),
            steps.size(),
            doubtful);
  }

  private List<String> invalid(long doubtful) {
    List<String> reasons = new ArrayList<>(Report.disturbed(doubtful, steps.size()));
    if (steps.size() != plan.rounds()) {
      reasons.add(steps.size() + " of " + plan.rounds() + " rounds");
    }
    for (Step step : steps) {
      if (step.nodes().size() != plan.nodes()) {
        reasons.add("round " + step.round() + " has not all nodes");
      }
      if (step.held().stream().anyMatch(one -> one.whole() && one.unreadBytes() < LEAST_UNREAD)) {
        reasons.add("round " + step.round() + ": a download ended before the changes did");
      }
      // Without this it would not say much that the server sees a node instead.
      if (step.fetched().stream().noneMatch(one -> one.direct() && one.good())) {
        reasons.add("round " + step.round() + ": the direct download did not work");
      }
    }
    return reasons;
  }

  /**
   * Computes a recorded run again, from the raw data alone.
   *
   * @throws IOException when the record has no raw data of this experiment
   */
  public static PushResult of(JsonNode recorded) throws IOException {
    return new PushResult(
        Report.part(recorded, PLAN, Plan.class),
        List.of(Report.part(recorded, STEPS, Step[].class)));
  }

  @Override
  public Report report() {
    return report;
  }

  @Override
  public String text() {
    StringBuilder text = new StringBuilder(TITLE);
    text.append("; ").append(plan.nodes()).append(" nodes, ");
    text.append(plan.rounds()).append(plan.rounds() == 1 ? " round" : " rounds");
    text.append(plan.quick() ? ", quick; " : "; ").append(plan.java());
    text.append("\norder and chosen nodes drawn by the seed ").append(plan.seed()).append("\n\n");
    for (Step step : steps) {
      text.append("round ").append(step.round()).append('\n').append(table(step)).append('\n');
      for (Fetched one : step.fetched()) {
        text.append(line(one));
      }
      step.held().stream()
          .filter(one -> !one.whole())
          .forEach(
              one ->
                  text.append("LOST by ")
                      .append(one.by())
                      .append(": ")
                      .append(one.failure())
                      .append('\n'));
      step.changedFiles().forEach(file -> text.append("changed: ").append(file).append('\n'));
      step.left().forEach(thing -> text.append("left: ").append(thing).append('\n'));
    }
    return text.append(report.judgement(plan.rounds())).toString();
  }

  private static String line(Fetched one) {
    return "download %s: %s, the server saw %s%n"
        .formatted(
            one.direct() ? "directly" : "by " + one.by(),
            one.whole() ? "whole" : "DAMAGED",
            one.seen().isEmpty() ? "nobody" : one.seen());
  }

  private static String table(Step step) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("node", "is", "mode", "echo s", "KiB first", "KiB second", "result"));
    for (Seen node : step.nodes()) {
      Pushed.Entry first = step.first().of(node.name());
      rows.add(
          List.of(
              node.name(),
              node.healthy() ? "healthy" : node.fault().word(),
              first.mode().isEmpty() ? "-" : first.mode(),
              node.echoS() < 0 ? "-" : number(node.echoS()),
              kib(first),
              node.healthy() ? kib(step.second().of(node.name())) : "-",
              node.healthy() ? first.result() : named(step, node)));
    }
    return Columns.align(rows);
  }

  private static String named(Step step, Seen node) {
    return Metrics.named(step, node)
        ? "named"
        : "NOT NAMED: " + step.first().of(node.name()).text();
  }

  private static String kib(Pushed.Entry entry) {
    return entry.copiedBytes() == null ? "-" : Long.toString(entry.bytes() >> 10);
  }

  private static String number(double seconds) {
    return String.format(Locale.ROOT, "%.1f", seconds);
  }

  @Override
  public String svg() {
    BarFigure figure =
        new BarFigure(TITLE, plan.nodes() + " nodes at a time, of which some are broken");
    List<Row> rows = new ArrayList<>();
    for (String phase : PHASES) {
      rows.add(new Row(phase, List.of(slowest(phase, true), slowest(phase, false))));
    }
    figure.add(new Panel("slowest node, s", false, List.of("first push", "second push"), rows));
    return figure.svg();
  }

  /** By round, what the slowest healthy node took for a phase. */
  private List<Double> slowest(String phase, boolean first) {
    List<Double> seconds = new ArrayList<>();
    for (Step step : steps) {
      Pushed push = first ? step.first() : step.second();
      step.nodes().stream()
          .filter(Seen::healthy)
          .map(node -> push.of(node.name()).phases().get(phase))
          .filter(ms -> ms != null)
          .mapToDouble(ms -> ms / MS_PER_S)
          .max()
          .ifPresent(seconds::add);
    }
    return seconds;
  }

  @Override
  public String subject() {
    return "what";
  }

  @Override
  public Map<String, Object> parts() {
    return Map.of(PLAN, plan, STEPS, steps);
  }
}
