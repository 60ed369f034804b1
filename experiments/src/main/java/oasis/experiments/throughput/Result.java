// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import oasis.experiments.result.Computed;
import oasis.experiments.result.Goals;
import oasis.experiments.result.Report;
import oasis.experiments.result.Series;

/** Everything that is computed from the raw data of a run. */
public final class Result implements Computed {
  private static final String PLAN = "plan";
  private static final String VISITS = "visits";

  private final Plan plan;
  private final List<Visit> visits;
  private final Map<String, String> skipped;
  private final Report report;

  /**
   * @param skipped paths that the machine did not have, with the reason
   */
  Result(Plan plan, List<Visit> visits, Map<String, String> skipped) {
    this.plan = plan;
    this.visits = List.copyOf(visits);
    this.skipped = new LinkedHashMap<>(skipped);
    Series series = Metrics.of(visits);
    report =
        new Report(
            plan.experiment().word(),
            series,
            Goals.load()
                .judge(
                    plan.experiment().word(),
                    series,
                    value -> Series.names(value).stream().allMatch(plan::asks)),
            Validity.reasons(visits),
            Validity.measurements(visits),
            Validity.doubtful(visits));
  }

  /**
   * Computes a recorded run again, from the raw data alone.
   *
   * @throws IOException when the record has no raw data of this experiment
   */
  public static Result of(JsonNode recorded) throws IOException {
    Map<String, String> skipped = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : recorded.at("/manifest/skipped").properties()) {
      skipped.put(entry.getKey(), entry.getValue().asText());
    }
    return new Result(
        Report.part(recorded, PLAN, Plan.class),
        List.of(Report.part(recorded, VISITS, Visit[].class)),
        skipped);
  }

  Plan plan() {
    return plan;
  }

  Series series() {
    return report.series();
  }

  @Override
  public Report report() {
    return report;
  }

  @Override
  public String text() {
    int rounds = plan.rounds();
    StringBuilder text = new StringBuilder();
    text.append(rounds == 1 ? "one round" : "medians of " + rounds + " rounds");
    text.append("; Mbit/s and us; ").append(plan.java()).append('\n');
    text.append(Table.of(this)).append('\n');
    skipped.forEach(
        (name, why) -> text.append("skipped ").append(name).append(": ").append(why).append('\n'));
    return text.append(report.judgement(rounds)).toString();
  }

  @Override
  public String svg() {
    return Figure.svg(this);
  }

  @Override
  public String subject() {
    return "path";
  }

  @Override
  public Map<String, Object> parts() {
    return Map.of(PLAN, plan, VISITS, visits);
  }
}
