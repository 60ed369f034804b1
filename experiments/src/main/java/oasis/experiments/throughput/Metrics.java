// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.util.Collection;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.BiConsumer;
import oasis.experiments.measure.Span;
import oasis.experiments.result.Series;

/** Computes the values of a run from its raw data. */
final class Metrics {
  private Metrics() {}

  /** The values of all visits, such as {@code ours.tcp_up.default} and {@code ours.rss_exit}. */
  static Series of(Collection<Visit> visits) {
    Series series = new Series();
    for (Visit visit : visits) {
      visit
          .facts()
          .forEach((name, number) -> series.put(visit.path(), name, visit.round(), number));
      for (Measurement measurement : visit.measurements()) {
        String mode = "." + measurement.mode().word();
        of(
            measurement,
            (name, number) -> series.put(visit.path(), name + mode, visit.round(), number));
      }
    }
    return series;
  }

  private static void of(Measurement measurement, BiConsumer<String, Double> to) {
    Span span = measurement.span();
    switch (measurement.test()) {
      case TCP_UP -> tcp("tcp_up", measurement, to);
      case TCP_DOWN -> tcp("tcp_down", measurement, to);
      case UDP_UP -> to.accept("udp_up", Ceiling.mbits(measurement.probes()));
      case RTT -> {
        to.accept("rtt_p50", percentile(measurement.roundTrips(), 50));
        to.accept("rtt_p99", percentile(measurement.roundTrips(), 99));
      }
      case LONE -> to.accept("rtt_lone", percentile(measurement.roundTrips(), 50));
      case CPU -> usage("cpu", span, to);
      case IDLE -> usage("idle", span, to);
    }
  }

  private static void tcp(String name, Measurement measurement, BiConsumer<String, Double> to) {
    to.accept(name, measurement.numbers().getOrDefault("mbit", 0.0));
    usage("cpu_" + name, measurement.span(), to);
  }

  /** A side without a process of its own has no usage. */
  private static void usage(String name, Span span, BiConsumer<String, Double> to) {
    if (span.clientNs() >= 0) {
      to.accept(name + "_client", span.clientPercent());
    }
    if (span.exitNs() >= 0) {
      to.accept(name + "_exit", span.exitPercent());
    }
  }

  /** The smallest value that at least {@code percent} of all do not exceed. */
  static double percentile(SortedMap<Integer, Integer> counts, int percent) {
    long total = counts.values().stream().mapToLong(Integer::longValue).sum();
    long seen = 0;
    for (Map.Entry<Integer, Integer> entry : counts.entrySet()) {
      seen += entry.getValue();
      if (seen * 100 >= total * percent) {
        return entry.getKey();
      }
    }
    return Double.NaN;
  }
}
