// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import oasis.experiments.result.Columns;
import oasis.experiments.result.Numbers;
import oasis.experiments.result.Series;

/** A figure as text. */
final class FigureTable {
  private static final String NONE = "-";

  private FigureTable() {}

  static String of(PaperFigure figure, List<Step> steps, Series series) {
    return Columns.align(figure.isLoad() ? loads(steps, series) : delays(steps, series));
  }

  /** One line for each host; the percentiles are of what is added to each destination. */
  private static List<List<String>> delays(List<Step> steps, Series series) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("host", "mean ms", "added ms p10", "median", "p90", "most", "added %"));
    for (Setup setup : Setup.values()) {
      List<Double> added = setup == Setup.DIRECT ? List.of() : Metrics.distribution(steps, setup);
      List<String> row = new ArrayList<>(List.of(setup.title()));
      row.add(number("%.2f", Numbers.mean(series.of(setup.word() + ".ms"))));
      row.add(number("%+.3f", Numbers.percentile(added, 10)));
      row.add(number("%+.3f", Numbers.median(added)));
      row.add(number("%+.3f", Numbers.percentile(added, 90)));
      row.add(number("%+.3f", Numbers.largest(added)));
      row.add(number("%+.2f", Numbers.mean(series.of(setup.word() + ".added_percent"))));
      rows.add(row);
    }
    return rows;
  }

  /** One line for each rate; a star marks what a host could not bear. */
  private static List<List<String>> loads(List<Step> steps, Series series) {
    List<List<String>> rows = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("Mbit/s"));
    for (Setup setup : Setup.values()) {
      if (setup.hasClient()) {
        head.add("client %, " + setup.word());
      }
    }
    for (Setup setup : Setup.values()) {
      head.add("machine %, " + setup.word());
    }
    rows.add(head);
    for (String rate : rates(steps)) {
      List<String> row = new ArrayList<>(List.of(rate));
      for (Setup setup : Setup.values()) {
        if (setup.hasClient()) {
          row.add(number("%.2f", median(series, setup, "cpu_" + rate + "mbit")));
        }
      }
      for (Setup setup : Setup.values()) {
        String star = saturated(steps, setup, rate) ? "*" : "";
        row.add(number("%.1f", median(series, setup, "machine_" + rate + "mbit")) + star);
      }
      rows.add(row);
    }
    return rows;
  }

  /** The rates that were measured, ascending. */
  static List<String> rates(List<Step> steps) {
    return steps.stream()
        .map(Step::part)
        .distinct()
        .sorted(Comparator.comparingDouble(Double::parseDouble))
        .toList();
  }

  /** The median of the rounds, NaN when there are none. */
  static double median(Series series, Setup setup, String value) {
    return Numbers.median(series.of(setup.word() + "." + value));
  }

  private static boolean saturated(List<Step> steps, Setup setup, String rate) {
    return steps.stream()
        .filter(step -> step.part().equals(rate))
        .flatMap(step -> step.sample(setup).stream())
        .anyMatch(sample -> Loads.saturated(sample, rate));
  }

  private static String number(String format, double number) {
    return Double.isNaN(number) ? NONE : String.format(Locale.ROOT, format, number);
  }
}
