// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.failover;

import java.util.List;
import oasis.experiments.failover.Step.Attempt;
import oasis.experiments.failover.Step.Download;
import oasis.experiments.result.Numbers;
import oasis.experiments.result.Series;

/** Computes the values of a run from its raw data. */
final class Metrics {
  /** What did not happen is counted as this long. */
  static final double LONGEST_S = 60;

  private static final int TAIL = 95;
  private static final double PERCENT = 100;

  private Metrics() {}

  /**
   * The values by failure and round; what no round may exceed, of all rounds, as round 1.
   *
   * <p>{@code new_p95_s}: time from the begin of a connection that begins after the failure to its
   * first byte. {@code refused_percent}: share of them whose program was told that they failed,
   * before it tried again. {@code reset_max_s}: time from the failure to the end of the last
   * connection that was cut off, {@code reset_worst_s} the longest of all rounds. {@code
   * again_p95_s}: time that the retries' connections took. {@code retried_percent}: share of the
   * downloads that the retry brought whole.
   */
  static Series of(List<Step> steps) {
    Series series = new Series();
    for (Step step : steps) {
      String who = step.failure().word();
      int round = step.round();
      List<Double> begun = begun(List.of(step));
      series.put(who, "new_p95_s", round, Numbers.percentile(begun, TAIL));
      series.put(who, "refused_percent", round, refused(step));
      List<Double> ends = ends(List.of(step));
      series.put(who, "reset_median_s", round, Numbers.median(ends));
      series.put(who, "reset_max_s", round, Numbers.largest(ends));
      series.put(who, "again_p95_s", round, Numbers.percentile(again(List.of(step)), TAIL));
      series.put(who, "retried_percent", round, retried(step));
    }
    for (Failure failure : Failure.values()) {
      double worst = Numbers.largest(ends(of(failure, steps)));
      if (!Double.isNaN(worst)) {
        series.put(failure.word(), "reset_worst_s", 1, worst);
      }
    }
    return series;
  }

  /** The steps of one kind of failure. */
  static List<Step> of(Failure failure, List<Step> steps) {
    return steps.stream().filter(step -> step.failure() == failure).toList();
  }

  /** What each new connection took. */
  static List<Double> begun(List<Step> steps) {
    return steps.stream()
        .flatMap(step -> step.attempts().stream())
        .map(one -> seconds(one.tookS()))
        .toList();
  }

  /** When the connection of each download ended, since the failure. */
  static List<Double> ends(List<Step> steps) {
    return steps.stream()
        .flatMap(step -> step.downloads().stream())
        .map(one -> seconds(one.resetS()))
        .toList();
  }

  /** What the second connection of each download took. */
  static List<Double> again(List<Step> steps) {
    return steps.stream()
        .flatMap(step -> step.downloads().stream())
        .map(one -> seconds(one.againS()))
        .toList();
  }

  private static double seconds(double measured) {
    return measured < 0 ? LONGEST_S : measured;
  }

  private static double refused(Step step) {
    long refused = step.attempts().stream().filter(one -> one.tries() > 1).count();
    return share(refused, step.attempts().size());
  }

  private static double retried(Step step) {
    long complete = step.downloads().stream().filter(Download::complete).count();
    return share(complete, step.downloads().size());
  }

  private static double share(long part, int all) {
    return all == 0 ? Double.NaN : PERCENT * part / all;
  }

  /** Connections of a step that never succeeded. */
  static long lost(Step step) {
    return step.attempts().stream().map(Attempt::tookS).filter(took -> took < 0).count();
  }
}
