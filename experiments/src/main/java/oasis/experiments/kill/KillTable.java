// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import oasis.experiments.result.Columns;

/** The matrix as text: a line for each named point and blow, and for each phase of the instants. */
final class KillTable {
  private static final List<String> HEAD =
      List.of(
          "blow", "when", "hit", "DNS ms", "TCP ms", "told ms", "left", "kept", "moved", "fake");

  private KillTable() {}

  /** The worst of each line's trials. */
  static String of(List<Trial> trials) {
    Map<List<String>, List<Trial>> lines = new LinkedHashMap<>();
    for (Trial trial : trials) {
      String when = trial.tried().random() ? "drawn: " + trial.phase() : trial.phase();
      lines
          .computeIfAbsent(List.of(trial.tried().blow().title(), when), key -> new ArrayList<>())
          .add(trial);
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(HEAD);
    lines.forEach((key, of) -> rows.add(row(key, of)));
    return Columns.align(rows);
  }

  private static List<String> row(List<String> key, List<Trial> trials) {
    List<String> row = new ArrayList<>(key);
    long hit = trials.stream().filter(Trial::counts).count();
    row.add(hit + " of " + trials.size());
    row.add(most(trials, trial -> trial.slowestMs(true)));
    row.add(most(trials, trial -> trial.slowestMs(false)));
    row.add(most(trials, Trial::toldMs));
    row.add(left(trials));
    row.add(sum(trials, trial -> trial.kept().size() + trial.keptStopped().size()));
    int names = trials.stream().mapToInt(Trial::names).sum();
    row.add(sum(trials, trial -> trial.moved().size()) + " of " + names);
    row.add(sum(trials, trial -> trial.wire().packets().size()));
    return row;
  }

  private static String most(List<Trial> trials, ToDoubleFunction<Trial> value) {
    double most = trials.stream().mapToDouble(value).max().orElse(-1);
    return most < 0 ? "-" : String.format(Locale.ROOT, "%.0f", most);
  }

  private static String sum(List<Trial> trials, ToDoubleFunction<Trial> value) {
    return String.format(Locale.ROOT, "%.0f", trials.stream().mapToDouble(value).sum());
  }

  /** What was left at the most: harmless things by their kind, the others whole. */
  private static String left(List<Trial> trials) {
    List<String> words = new ArrayList<>();
    for (Trial trial : trials) {
      trial.harmful().forEach(line -> put(words, "HARMFUL " + line));
      trial.left().stream()
          .filter(line -> !trial.harmful().contains(line))
          .forEach(line -> put(words, line.replaceFirst("^[+-] ", "").split(" ", 2)[0]));
    }
    return words.isEmpty() ? "-" : String.join(",", words);
  }

  private static void put(List<String> words, String word) {
    if (!words.contains(word)) {
      words.add(word);
    }
  }
}
