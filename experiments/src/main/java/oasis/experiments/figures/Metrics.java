// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import oasis.experiments.result.Numbers;
import oasis.experiments.result.Series;

/** Computes the values of a run from its raw data. */
final class Metrics {
  private static final double MS_PER_S = 1000;
  private static final double PERCENT = 100;

  private Metrics() {}

  /**
   * The values by host and round.
   *
   * <p>Fig. 6 to 8: {@code ms}, the mean over the round's destinations; {@code added_ms}, the
   * median of the destinations' differences from the host without Oasis in the same step; {@code
   * added_percent}, the difference of the means. Fig. 9: {@code cpu_Rmbit} and {@code
   * machine_Rmbit} in % of a core at the rate R, and {@code saturation_mbit}, the highest rate
   * without loss.
   */
  static Series of(PaperFigure figure, List<Step> steps) {
    Series series = new Series();
    Map<Integer, List<Step>> rounds = new LinkedHashMap<>();
    steps.forEach(step -> rounds.computeIfAbsent(step.round(), key -> new ArrayList<>()).add(step));
    rounds.forEach(
        (round, ofRound) -> {
          for (Setup setup : Setup.values()) {
            if (figure.isLoad()) {
              load(series, round, ofRound, setup);
            } else {
              delay(series, round, ofRound, setup);
            }
          }
        });
    return series;
  }

  private static void delay(Series series, int round, List<Step> steps, Setup setup) {
    List<Pair> pairs = pairs(steps, setup);
    if (pairs.isEmpty()) {
      return;
    }
    double own = Numbers.mean(pairs.stream().map(Pair::ms).toList());
    double direct = Numbers.mean(pairs.stream().map(Pair::directMs).toList());
    series.put(setup.word(), "ms", round, own);
    if (setup != Setup.DIRECT) {
      List<Double> added = pairs.stream().map(Pair::addedMs).toList();
      series.put(setup.word(), "added_ms", round, Numbers.median(added));
      series.put(setup.word(), "added_percent", round, PERCENT * (own / direct - 1));
    }
  }

  /**
   * A host beside the one without Oasis.
   *
   * @param part the destination
   * @param ms its mean time
   * @param directMs the other's in the same step
   */
  record Pair(String part, double ms, double directMs) {
    double addedMs() {
      return ms - directMs;
    }
  }

  /** The pairs of steps to destinations, one for each step that measured both. */
  static List<Pair> pairs(List<Step> steps, Setup setup) {
    List<Pair> pairs = new ArrayList<>();
    for (Step step : steps) {
      Optional<Double> own = step.sample(setup).flatMap(Metrics::meanMs);
      Optional<Double> direct = step.sample(Setup.DIRECT).flatMap(Metrics::meanMs);
      if (own.isPresent() && direct.isPresent()) {
        pairs.add(new Pair(step.part(), own.get(), direct.get()));
      }
    }
    return pairs;
  }

  private static Optional<Double> meanMs(Sample sample) {
    List<Double> ms = new ArrayList<>(sample.of(Pings.RTT));
    sample.of(Transfers.SECONDS).forEach(seconds -> ms.add(seconds * MS_PER_S));
    return ms.isEmpty() ? Optional.empty() : Optional.of(Numbers.mean(ms));
  }

  /** What a host adds to each destination, over all rounds, ascending: the paper's distribution. */
  static List<Double> distribution(List<Step> steps, Setup setup) {
    Map<String, List<Double>> added = new LinkedHashMap<>();
    for (Pair pair : pairs(steps, setup)) {
      added.computeIfAbsent(pair.part(), key -> new ArrayList<>()).add(pair.addedMs());
    }
    return added.values().stream().map(Numbers::mean).sorted().toList();
  }

  private static void load(Series series, int round, List<Step> steps, Setup setup) {
    double most = 0;
    for (Step step : steps) {
      Optional<Sample> sample = step.sample(setup);
      if (sample.isEmpty()) {
        continue;
      }
      String rate = step.part() + "mbit";
      put(series, setup, "cpu_" + rate, round, sample.get().of(Loads.CLIENT));
      put(series, setup, "machine_" + rate, round, sample.get().of(Loads.MACHINE));
      if (!Loads.saturated(sample.get(), step.part())) {
        most = Math.max(most, sample.get().of(Loads.SENT).get(0));
      }
    }
    if (!steps.isEmpty()) {
      series.put(setup.word(), "saturation_mbit", round, most);
    }
  }

  /** The mean without the first and the last sample, as in the paper. */
  private static void put(
      Series series, Setup setup, String value, int round, List<Double> samples) {
    if (samples.size() > 2) {
      double mean = Numbers.mean(samples.subList(1, samples.size() - 1));
      series.put(setup.word(), value, round, mean);
    }
  }
}
