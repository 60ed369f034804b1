// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The demo's results, for people and for programs. */
final class DemoReport {
  private static final List<String> HEAD =
      List.of(
          "step",
          "ping ms",
          "dig ms",
          "address used",
          "page ms",
          "20 MB s",
          "carrier",
          "server saw",
          "ok");

  private final List<Step> steps;
  private final List<String> doubts;
  private final double seconds;

  /**
   * @param doubts why the emulated links' times must not be trusted; empty when they may be
   * @param seconds how long the demo took
   */
  DemoReport(List<Step> steps, List<String> doubts, double seconds) {
    this.steps = steps;
    this.doubts = doubts;
    this.seconds = seconds;
  }

  /** True when every step saw what it should. */
  boolean good() {
    return steps.stream().allMatch(step -> step.faults().isEmpty());
  }

  /** A table, and a line for each fault. */
  String table() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(HEAD);
    for (Step step : steps) {
      rows.add(
          List.of(
              step.name(),
              number(step.pingMs(), "%.1f"),
              number(step.dnsMs(), "%.0f"),
              step.address(),
              number(step.pageMs(), "%.0f"),
              number(step.fileSeconds(), "%.2f"),
              step.carrier(),
              step.peer(),
              step.faults().isEmpty() ? "yes" : "NO"));
    }
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      for (int column = 0; column < HEAD.size(); column++) {
        String cell = row.get(column);
        text.append(cell);
        if (column + 1 < HEAD.size()) {
          text.append(" ".repeat(width(rows, column) + 2 - cell.length()));
        }
      }
      text.append('\n');
    }
    for (Step step : steps) {
      step.faults().forEach(fault -> text.append(step.name() + ": " + fault + "\n"));
    }
    doubts.forEach(doubt -> text.append("times are doubtful: " + doubt + "\n"));
    return text.append(String.format(Locale.ROOT, "%.1f s in all%n", seconds)).toString();
  }

  /** The same as JSON. */
  String json() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("ok", good());
    all.put("seconds", seconds);
    all.put("doubts", doubts);
    all.put("steps", steps);
    try {
      return new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(all);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a record that is not JSON", e);
    }
  }

  private static int width(List<List<String>> rows, int column) {
    return rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
  }

  private static String number(@Nullable Double value, String format) {
    return value == null || value.isNaN() ? "-" : String.format(Locale.ROOT, format, value);
  }
}
