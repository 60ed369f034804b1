// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import oasis.experiments.result.Goals;
import oasis.experiments.result.Judged;
import oasis.experiments.result.Series;

/** The files of a finished run, and everything that is computed from its raw data. */
final class Result {
  static final String FILE = "result.json";

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .setDefaultPropertyInclusion(JsonInclude.Include.NON_NULL);

  private final Plan plan;
  private final List<Visit> visits;
  private final Series series;
  private final List<Judged> goals;
  private final List<String> invalid;

  Result(Plan plan, List<Visit> visits) {
    this.plan = plan;
    this.visits = List.copyOf(visits);
    series = Metrics.of(visits);
    goals =
        Goals.load()
            .judge(
                Throughput.NAME,
                series,
                value -> Series.names(value).stream().allMatch(plan::asks));
    invalid = Validity.reasons(visits);
  }

  Series series() {
    return series;
  }

  Plan plan() {
    return plan;
  }

  /** Whether the run is valid and all its goals are met. */
  boolean good() {
    return invalid.isEmpty() && Goals.allMet(goals);
  }

  /** The goals, and what is wrong with the run. */
  String judgement() {
    StringBuilder text = new StringBuilder(Goals.text(goals));
    if (plan.rounds() == 1) {
      text.append("one round has no 95 % interval: its values are taken at their word\n");
    }
    long met = goals.stream().filter(goal -> Goals.allMet(List.of(goal))).count();
    text.append(String.format(Locale.ROOT, "%d of %d goals met%n", met, goals.size()));
    text.append(
        String.format(
            Locale.ROOT,
            "%d of %d measurements doubtful%n",
            Validity.doubtful(visits),
            Validity.measurements(visits)));
    invalid.forEach(reason -> text.append("INVALID: ").append(reason).append('\n'));
    return text.toString();
  }

  /** The result as JSON. */
  String json(Map<String, Object> manifest) throws IOException {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("experiment", Throughput.NAME);
    result.put("valid", invalid.isEmpty());
    result.put("invalid", invalid);
    result.put("goals", goals);
    result.put("plan", plan);
    result.put("manifest", manifest);
    result.put("values", series.all());
    result.put("visits", visits);
    return JSON.writeValueAsString(result) + "\n";
  }

  /** The values as a table for other programs. */
  String csv() {
    StringBuilder text = new StringBuilder("path,value,round,number\n");
    for (Map.Entry<String, SortedMap<Integer, Double>> entry : series.all().entrySet()) {
      int dot = entry.getKey().indexOf('.');
      entry
          .getValue()
          .forEach(
              (round, number) ->
                  text.append(entry.getKey(), 0, dot)
                      .append(',')
                      .append(entry.getKey().substring(dot + 1))
                      .append(',')
                      .append(round)
                      .append(',')
                      .append(number)
                      .append('\n'));
    }
    return text.toString();
  }

  /**
   * Computes a recorded run again.
   *
   * @return the result from the raw data alone
   */
  static Result read(Path directory) throws IOException {
    JsonNode recorded = JSON.readTree(Files.readString(directory.resolve(FILE)));
    return new Result(
        JSON.treeToValue(recorded.path("plan"), Plan.class),
        List.of(JSON.treeToValue(recorded.path("visits"), Visit[].class)));
  }

  /** Whether what a folder has recorded is what its raw data says. */
  boolean sameAsRecorded(Path directory) throws IOException {
    JsonNode recorded = JSON.readTree(Files.readString(directory.resolve(FILE)));
    JsonNode again = JSON.readTree(json(Map.of()));
    for (String part : List.of("valid", "invalid", "goals", "values")) {
      if (!again.path(part).equals(recorded.path(part))) {
        return false;
      }
    }
    return true;
  }
}
