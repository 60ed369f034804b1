// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import oasis.experiments.planetlab.Step.Check;
import oasis.experiments.planetlab.Step.Sample;
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
public final class PlanetlabResult implements Computed {
  /** Its name in options, goals and results. */
  public static final String NAME = "planetlab";

  private static final String TITLE = "The PlanetLab port: programs, bodies, cost";
  private static final String PLAN = "plan";
  private static final String STEPS = "steps";
  private static final List<String> COSTS =
      List.of(
          "mbit_down",
          "mbit_up",
          "first_byte_ms",
          "cpu_s_per_gb_down",
          "cpu_s_per_gb_up",
          "machine_s_per_gb_down",
          "machine_s_per_gb_up");

  private final Plan plan;
  private final List<Step> steps;
  private final Report report;

  PlanetlabResult(Plan plan, List<Step> steps) {
    this.plan = plan;
    this.steps = List.copyOf(steps);
    Series series = Metrics.series(steps);
    List<Sample> samples = steps.stream().flatMap(step -> step.samples().stream()).toList();
    long doubtful = samples.stream().filter(sample -> sample.span().doubtful()).count();
    List<String> invalid = new ArrayList<>(Report.disturbed(doubtful, samples.size()));
    steps.forEach(step -> doubts(step).forEach(invalid::add));
    int all = plan.rounds() * Part.values().length;
    if (steps.size() < all) {
      invalid.add("only " + steps.size() + " of " + all + " steps");
    }
    report =
        new Report(
            NAME,
            series,
            Goals.load().judge(NAME, series, value -> true),
            invalid,
            samples.size(),
            doubtful);
  }

  /** Why a step shows nothing; empty when it does. */
  private List<String> doubts(Step step) {
    List<String> doubts = new ArrayList<>();
    String where = "round " + step.round() + ", " + step.part().title() + ": ";
    if (step.silence().otherResets() == 0 || step.silence().otherOpenings() == 0) {
      doubts.add(where + "the count of the kernel's answers sees none where there are some");
    }
    if (step.silence().all() < step.checks().size() / 2) {
      doubts.add(where + "only " + step.silence().all() + " connections to the port were seen");
    }
    int samples = plan.samples() * Proxy.values().length * Step.Load.values().length;
    if (step.part() == Part.COST ? step.samples().size() < samples : step.checks().isEmpty()) {
      doubts.add(where + "something was left out");
    }
    return doubts;
  }

  /**
   * Computes a recorded run again, from the raw data alone.
   *
   * @throws IOException when the record has no raw data of this experiment
   */
  public static PlanetlabResult of(JsonNode recorded) throws IOException {
    return new PlanetlabResult(
        Report.part(recorded, PLAN, Plan.class),
        List.of(Report.part(recorded, STEPS, Step[].class)));
  }

  @Override
  public Report report() {
    return report;
  }

  @Override
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append(
        "%s; %d %s%s, seed %d; %s%n%n"
            .formatted(
                TITLE,
                plan.rounds(),
                plan.rounds() == 1 ? "round" : "rounds",
                plan.quick() ? ", quick" : "",
                plan.seed(),
                plan.java()));
    text.append(partsTable()).append('\n').append(costTable()).append('\n');
    for (Step step : steps) {
      for (Check check : step.checks()) {
        if (!check.good()) {
          text.append(
              "FAILED: round %d, %s, %s by the %s: %s%n"
                  .formatted(
                      step.round(),
                      step.part().title(),
                      check.what(),
                      check.carrier().word(),
                      check.detail()));
        }
      }
    }
    return text.append(report.judgement(plan.rounds())).toString();
  }

  private String partsTable() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("part", "checks", "failed", "corrupted bytes", "kernel's answers", "all"));
    for (Part part : Part.values()) {
      List<Step> some = steps.stream().filter(step -> step.part() == part).toList();
      rows.add(
          List.of(
              part.title(),
              Long.toString(some.stream().mapToLong(step -> step.checks().size()).sum()),
              Long.toString(some.stream().mapToLong(Step::failed).sum()),
              Long.toString(some.stream().mapToLong(Step::corruptedBytes).sum()),
              Long.toString(
                  some.stream()
                      .mapToLong(step -> step.silence().resets() + step.silence().openings())
                      .sum()),
              Long.toString(some.stream().mapToLong(step -> step.silence().all()).sum())));
    }
    return Columns.align(rows)
        + "kernel's answers: resets and SYN-ACKs from the port; all: SYN-ACKs, the port's own too\n";
  }

  private String costTable() {
    List<List<String>> rows = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("median of the rounds"));
    for (Proxy proxy : Proxy.values()) {
      head.add(proxy.word());
    }
    head.add("port/tinyproxy");
    rows.add(head);
    for (String name : COSTS) {
      List<String> row = new ArrayList<>(List.of(name));
      for (Proxy proxy : Proxy.values()) {
        row.add(median(proxy.word() + "." + name));
      }
      row.add(median(Proxy.PORT.word() + "." + name + "/tinyproxy"));
      rows.add(row);
    }
    return Columns.align(rows);
  }

  private String median(String value) {
    List<Double> rounds = report.series().of(value);
    return rounds.isEmpty() ? "-" : String.format(Locale.ROOT, "%.2f", Numbers.median(rounds));
  }

  @Override
  public String svg() {
    BarFigure figure =
        new BarFigure(TITLE, "medians of %d rounds; %s".formatted(plan.rounds(), plan.java()));
    figure.add(panel("throughput [Mbit/s]", List.of("mbit_down", "mbit_up")));
    figure.add(panel("time to the first byte [ms]", List.of("first_byte_ms")));
    figure.add(
        panel(
            "CPU time of the whole machine [s/GB]",
            List.of("machine_s_per_gb_down", "machine_s_per_gb_up")));
    return figure.svg();
  }

  private Panel panel(String title, List<String> names) {
    List<Row> rows = new ArrayList<>();
    for (Proxy proxy : Proxy.values()) {
      List<List<Double>> bars = new ArrayList<>();
      for (String name : names) {
        bars.add(report.series().of(proxy.word() + "." + name));
      }
      rows.add(new Row(proxy.word(), bars));
    }
    List<String> bars = names.size() == 1 ? List.of("median") : List.of("down", "up");
    return new Panel(title, false, bars, rows);
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
