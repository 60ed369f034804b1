// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import oasis.experiments.result.BarFigure;
import oasis.experiments.result.BarFigure.Panel;
import oasis.experiments.result.BarFigure.Row;
import oasis.experiments.result.Computed;
import oasis.experiments.result.Goals;
import oasis.experiments.result.Report;
import oasis.experiments.result.Series;

/** Everything that is computed from the raw data of a kill matrix. */
public final class KillResult implements Computed {
  /** The experiment's name. */
  public static final String NAME = "kill-matrix";

  private static final String PLAN = "plan";
  private static final String TRIALS = "trials";
  private static final String ENDING = "ending";

  private final Plan plan;
  private final List<Trial> trials;
  private final Ending ending;
  private final Report report;

  KillResult(Plan plan, List<Trial> trials, Ending ending) {
    this.plan = plan;
    this.trials = List.copyOf(trials);
    this.ending = ending;
    Series series = Metrics.of(trials, ending);
    long missed = trials.stream().filter(trial -> !trial.counts()).count();
    report =
        new Report(
            NAME,
            series,
            Goals.load().judge(NAME, series, this::asked),
            invalid(),
            trials.size(),
            missed);
  }

  /** A short run does not try what only a long one has to show. */
  private boolean asked(String value) {
    return switch (value) {
      case "random.instants" -> plan.instants() >= Plan.INSTANTS;
      case "named.points" -> plan.points().size() == Point.values().length;
      default ->
          !value.startsWith("hung.") || plan.cases().stream().anyMatch(c -> c.blow().hangs());
    };
  }

  private List<String> invalid() {
    List<String> reasons = new ArrayList<>();
    for (Trial trial : trials) {
      trial.doubts().forEach(doubt -> reasons.add(trial.tried().name() + ": " + doubt));
    }
    if (trials.size() < plan.cases().size()) {
      reasons.add("only " + trials.size() + " of " + plan.cases().size() + " trials");
    }
    if (!ending.wire().complete() || !trials.stream().allMatch(one -> one.wire().complete())) {
      reasons.add("the capture has lost packets");
    }
    if (!ending.control().equals(List.of(true, true))) {
      reasons.add(
          "packets to fake addresses that were sent on purpose were not captured (IPv4, IPv6: "
              + ending.control()
              + ")");
    }
    if (!ending.stubborn()) {
      reasons.add("the program that keeps sending to fake addresses had ended");
    }
    return reasons;
  }

  /**
   * Computes a recorded run again, from the raw data alone.
   *
   * @throws IOException when the record has no raw data of a kill matrix
   */
  public static KillResult of(JsonNode recorded) throws IOException {
    return new KillResult(
        Report.part(recorded, PLAN, Plan.class),
        List.of(Report.part(recorded, TRIALS, Trial[].class)),
        Report.part(recorded, ENDING, Ending.class));
  }

  @Override
  public Report report() {
    return report;
  }

  @Override
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append("Kill matrix; seed ").append(plan.seed());
    text.append(plan.quick() ? ", quick; " : "; ").append(plan.java()).append("\n\n");
    text.append(KillTable.of(trials)).append('\n');
    for (Trial trial : trials) {
      for (String complaint : trial.complaints()) {
        text.append(trial.tried().name()).append(": ").append(complaint).append('\n');
      }
    }
    ending.moved().forEach(line -> text.append("at the end: ").append(line).append('\n'));
    for (String packet : ending.wire().packets()) {
      text.append("at the end: on the wire: ").append(packet).append('\n');
    }
    ending.afterCleanup().forEach(line -> text.append("after cleanup: ").append(line).append('\n'));
    return text.append(report.judgement(trials.size())).toString();
  }

  @Override
  public String svg() {
    BarFigure figure =
        new BarFigure(
            "Until look-ups and new connections work again",
            "worst probe after the blow; " + plan.java());
    Map<String, List<List<Double>>> rows = new LinkedHashMap<>();
    for (Trial trial : trials) {
      String label = trial.tried().random() ? "random" : trial.tried().name();
      List<List<Double>> row =
          rows.computeIfAbsent(label, key -> List.of(new ArrayList<>(), new ArrayList<>()));
      row.get(0).add(trial.slowestMs(true));
      row.get(1).add(trial.slowestMs(false));
    }
    List<Row> all = new ArrayList<>();
    rows.forEach((label, values) -> all.add(new Row(label, values)));
    figure.add(new Panel("ms", false, List.of("DNS", "TCP"), all));
    return figure.svg();
  }

  @Override
  public String subject() {
    return "trial";
  }

  @Override
  public Map<String, Object> parts() {
    return Map.of(PLAN, plan, TRIALS, trials, ENDING, ending);
  }
}
