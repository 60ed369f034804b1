// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.result;

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

/**
 * What was computed from a run's raw data, how it is written and how a record is checked.
 *
 * @param experiment its name
 * @param series the values
 * @param goals those of the experiment that were asked for
 * @param invalid why the numbers must not be trusted, one line each; empty when they may be
 * @param measurements how many there were
 * @param doubtful how many of them were disturbed
 */
public record Report(
    String experiment,
    Series series,
    List<Judged> goals,
    List<String> invalid,
    long measurements,
    long doubtful) {
  /** The file of a run that holds everything. */
  public static final String FILE = "result.json";

  /** Of all measurements. */
  private static final double MOST_DOUBTFUL_PERCENT = 20;

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .setDefaultPropertyInclusion(JsonInclude.Include.NON_NULL);

  public Report {
    goals = List.copyOf(goals);
    invalid = List.copyOf(invalid);
  }

  /** Why so many disturbed measurements make a run invalid; empty when they do not. */
  public static List<String> disturbed(long doubtful, long measurements) {
    return doubtful * 100 > measurements * MOST_DOUBTFUL_PERCENT
        ? List.of(doubtful + " of " + measurements + " measurements were disturbed by others")
        : List.of();
  }

  /** Whether the run is valid and all its goals are met. */
  public boolean good() {
    return invalid.isEmpty() && Goals.allMet(goals);
  }

  /** The goals, and what is wrong with the run. */
  public String judgement(int rounds) {
    StringBuilder text = new StringBuilder(Goals.text(goals));
    if (rounds == 1) {
      text.append("one round has no 95 % interval: its values are taken at their word\n");
    }
    long met = goals.stream().filter(goal -> Goals.allMet(List.of(goal))).count();
    text.append(String.format(Locale.ROOT, "%d of %d goals met%n", met, goals.size()));
    text.append(
        String.format(Locale.ROOT, "%d of %d measurements doubtful%n", doubtful, measurements));
    invalid.forEach(reason -> text.append("INVALID: ").append(reason).append('\n'));
    return text.toString();
  }

  /**
   * The result as JSON.
   *
   * @param more what the experiment adds: plan, manifest, raw data
   */
  public String json(Map<String, Object> more) throws IOException {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("experiment", experiment);
    result.put("valid", invalid.isEmpty());
    result.put("invalid", invalid);
    result.put("goals", goals);
    result.put("values", series.all());
    result.putAll(more);
    return JSON.writeValueAsString(result) + "\n";
  }

  /**
   * The values as a table for other programs.
   *
   * @param subject head of the column that says who was measured
   */
  public String csv(String subject) {
    StringBuilder text = new StringBuilder(subject + ",value,round,number\n");
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

  /** What a folder has recorded. */
  public static JsonNode recorded(Path directory) throws IOException {
    return JSON.readTree(Files.readString(directory.resolve(FILE)));
  }

  /**
   * A part of what was recorded.
   *
   * @throws IOException when it is missing or something else
   */
  public static <T> T part(JsonNode recorded, String name, Class<T> type) throws IOException {
    JsonNode part = recorded.path(name);
    if (part.isMissingNode()) {
      throw new IOException("no " + name + " in " + FILE);
    }
    return JSON.treeToValue(part, type);
  }

  /** Whether what was recorded is what the raw data says. */
  public boolean sameAs(JsonNode recorded) throws IOException {
    JsonNode again = JSON.readTree(json(Map.of()));
    for (String part : List.of("experiment", "valid", "invalid", "goals", "values")) {
      if (!again.path(part).equals(recorded.path(part))) {
        return false;
      }
    }
    return true;
  }
}
