// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import oasis.experiments.result.Series;

/** Computes the values of a run from its raw data. */
final class Metrics {
  private Metrics() {}

  /**
   * For each trial that counts, under its name: {@code dns_ms}, {@code tcp_ms}, the slowest probe;
   * {@code ended_ms}, {@code told_ms}. Over all of them, the worst: {@code killed.…} and {@code
   * hung.…}, and sums in {@code any.…}; {@code named.points} and {@code random.instants} say how
   * many were hit.
   */
  static Series of(List<Trial> trials, Ending ending) {
    Series series = new Series();
    List<Trial> good = trials.stream().filter(Trial::counts).toList();
    for (Trial trial : good) {
      String name = trial.tried().name();
      series.put(name, "dns_ms", 1, trial.slowestMs(true));
      series.put(name, "tcp_ms", 1, trial.slowestMs(false));
      series.put(name, "ended_ms", 1, trial.endedMs());
      if (trial.toldMs() >= 0) {
        series.put(name, "told_ms", 1, trial.toldMs());
      }
    }
    worst(series, "killed", good, trial -> !trial.tried().blow().hangs());
    worst(series, "hung", good, trial -> trial.tried().blow().hangs());
    // What went wrong counts also where the blow missed.
    sum(series, "programs", trials, trial -> trial.programs().size());
    sum(series, "harmful", trials, trial -> trial.harmful().size());
    sum(series, "kept", trials, trial -> trial.kept().size() + trial.keptStopped().size());
    double packets = trials.stream().mapToInt(trial -> trial.wire().packets().size()).sum();
    series.put("any", "fake_packets", 1, packets + ending.wire().packets().size());
    double moved = trials.stream().mapToInt(trial -> trial.moved().size()).sum();
    series.put("any", "moved", 1, moved + ending.moved().size());
    series.put("any", "uncleaned", 1, ending.afterCleanup().size());
    series.put("named", "points", 1, count(good, Metrics::named));
    series.put("random", "instants", 1, count(good, trial -> trial.tried().random()));
    return series;
  }

  private static boolean named(Trial trial) {
    return trial.tried().blow() == Blow.KILL && !trial.tried().random();
  }

  private static double count(List<Trial> trials, Predicate<Trial> which) {
    return (double) trials.stream().filter(which).count();
  }

  private static void worst(
      Series series, String subject, List<Trial> trials, Predicate<Trial> which) {
    List<Trial> chosen = trials.stream().filter(which).toList();
    if (!chosen.isEmpty()) {
      series.put(subject, "dns_ms", 1, most(chosen, trial -> trial.slowestMs(true)));
      series.put(subject, "tcp_ms", 1, most(chosen, trial -> trial.slowestMs(false)));
    }
  }

  private static double most(List<Trial> trials, ToDoubleFunction<Trial> value) {
    return trials.stream().mapToDouble(value).max().orElse(Double.NaN);
  }

  private static void sum(
      Series series, String value, List<Trial> trials, ToDoubleFunction<Trial> of) {
    series.put("any", value, 1, trials.stream().mapToDouble(of).sum());
  }
}
