// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.nat;

import java.util.List;
import oasis.experiments.jmh.NatMappings;
import oasis.experiments.measure.JmhRun;
import oasis.experiments.result.Series;

/** Computes the values of a run from its raw data. */
final class Metrics {
  private static final double NS_PER_S = 1e9;

  private Metrics() {}

  /** The name of an engine with so many mappings. */
  static String engine(int held) {
    return "engine" + held;
  }

  /**
   * Of the engine, by iteration: {@code new_ns} and {@code new_per_s} of new mappings, {@code
   * known_ns} of packets of those that are there, {@code new_bytes} and {@code known_bytes} of
   * garbage, {@code memory_mib} of its heap, how many {@code mappings} it held and behind how many
   * {@code addresses}. Of each way, by round: {@code new_per_s}, and the CPU that client and exit
   * node took meanwhile, in percent of a core.
   */
  static Series of(List<Entry> entries) {
    Series series = new Series();
    for (Entry entry : entries) {
      Entry.Scored scored = entry.scored();
      Entry.Rate rate = entry.rate();
      if (scored != null) {
        engine(series, scored);
      }
      if (rate != null) {
        String who = rate.way().word();
        series.put(who, "new_per_s", rate.round(), rate.perSecond());
        if (entry.span().clientNs() >= 0) {
          series.put(who, "cpu_client", rate.round(), entry.span().clientPercent());
        }
        if (entry.span().exitNs() >= 0) {
          series.put(who, "cpu_exit", rate.round(), entry.span().exitPercent());
        }
      }
    }
    return series;
  }

  private static void engine(Series series, Entry.Scored scored) {
    String who = engine(scored.held());
    boolean begins = scored.benchmark().equals(Plan.NEW);
    String word = begins ? "new" : "known";
    put(series, who, word + "_ns", scored.of(JmhRun.SCORE));
    put(series, who, word + "_bytes", scored.of(JmhRun.BYTES_PER_OP));
    if (begins) {
      put(
          series,
          who,
          "new_per_s",
          scored.of(JmhRun.SCORE).stream().map(ns -> NS_PER_S / ns).toList());
      put(series, who, "memory_mib", scored.of("mib"));
      // With fewer the benchmark fails.
      series.put(who, "mappings", 1, scored.held());
      series.put(who, "addresses", 1, NatMappings.EXTERNAL);
    }
  }

  private static void put(Series series, String who, String value, List<Double> numbers) {
    for (int i = 0; i < numbers.size(); i++) {
      series.put(who, value, i + 1, numbers.get(i));
    }
  }
}
