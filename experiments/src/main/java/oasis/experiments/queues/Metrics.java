// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.queues;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import oasis.experiments.queues.Step.Overload;
import oasis.experiments.queues.Step.Share;
import oasis.experiments.result.Series;

/** Computes the values of a run from its raw data. */
final class Metrics {
  private static final double PERCENT = 100;
  private static final double BITS_PER_MBIT = 1e6;
  private static final double UNITS_PER_MS = 100;
  private static final int BITS_PER_BYTE = 8;

  private Metrics() {}

  /**
   * The values by setup and round.
   *
   * <p>{@code high_kept_percent}: of what the higher class sent, what arrived. {@code high_p50_ms},
   * {@code high_p99_ms}: time from sending to reception of its packets; one that never arrived took
   * for ever. {@code low_rest_percent}: what the lower class got, of what the higher one left of
   * the cap. {@code overload}: what it sent, of that. {@code share_out_off_percent}, {@code
   * share_in_off_percent}: by how much the share of a client with one connection differs from that
   * of one with many, of their mean.
   */
  static Series of(List<Step> steps) {
    Series series = new Series();
    for (Step step : steps) {
      String who = step.setup().word();
      int round = step.round();
      Overload overload = step.overload();
      if (overload != null) {
        series.put(who, "high_kept_percent", round, kept(overload));
        series.put(who, "high_p50_ms", round, percentileMs(overload, 50));
        series.put(who, "high_p99_ms", round, percentileMs(overload, 99));
        series.put(who, "low_rest_percent", round, PERCENT * lowMbits(overload) / rest(overload));
        series.put(who, "overload", round, sentLowMbits(overload) / rest(overload));
      }
      Share share = step.share();
      if (share != null) {
        String name = "share_" + step.load().word() + "_off_percent";
        series.put(who, name, round, off(share));
      }
    }
    return series;
  }

  private static double kept(Overload o) {
    return PERCENT * o.highReceived() / o.highSent();
  }

  /** What the higher class leaves of the cap, in Mbit/s. */
  private static double rest(Overload o) {
    return Plan.CAP_MBITS - mbits(o, o.highReceived());
  }

  static double lowMbits(Overload o) {
    return mbits(o, o.lowReceived());
  }

  private static double sentLowMbits(Overload o) {
    return mbits(o, o.lowSent());
  }

  static double highMbits(Overload o) {
    return mbits(o, o.highReceived());
  }

  private static double mbits(Overload o, long bytes) {
    return bytes * BITS_PER_BYTE / BITS_PER_MBIT / o.seconds();
  }

  /**
   * The delay that a percentage of the packets that were sent do not exceed, or a very long one.
   */
  static double percentileMs(Overload o, int percent) {
    long arrived = o.delays().values().stream().mapToLong(Integer::longValue).sum();
    // Those that are lost count as the slowest.
    double all = arrived * (double) o.highSent() / Math.max(1, o.highReceived());
    return delayMs(o.delays(), all * percent / PERCENT);
  }

  private static double delayMs(SortedMap<Integer, Integer> delays, double rank) {
    long seen = 0;
    for (Map.Entry<Integer, Integer> entry : delays.entrySet()) {
      seen += entry.getValue();
      if (seen >= rank) {
        return (entry.getKey() + 1) / UNITS_PER_MS;
      }
    }
    return NEVER_MS;
  }

  /** Stands for the delay of a packet that was lost. */
  static final double NEVER_MS = 10_000;

  private static double off(Share share) {
    return PERCENT * Math.abs(share.one() - share.many()) / ((share.one() + share.many()) / 2);
  }
}
