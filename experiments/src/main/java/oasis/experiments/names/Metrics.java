// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.names;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import oasis.experiments.result.Numbers;
import oasis.experiments.result.Series;

/** Computes the values of a run from its raw data. */
final class Metrics {
  /** Resident memory of client and supervisor. */
  static final String RSS_MIB = "rss_mib";

  /** The median look-up of a round; of a host without Oasis, the direct one. */
  static final String MS = "ms";

  /** Its difference from the direct one of the same round. */
  static final String ADDED_MS = "added_ms";

  static final String LOOKUP_US = "lookup_us";
  static final String REGEX_US = "regex_us";
  static final String BUILD_S = "build_s";
  static final String HEAP_MIB = "heap_mib";

  private static final double NS_PER_US = 1e3;
  private static final double NS_PER_S = 1e9;

  private Metrics() {}

  /** The values by host and round; for those of the matcher a round is an iteration. */
  static Series of(List<Step> steps) {
    Series series = new Series();
    for (Step step : steps) {
      switch (step.part()) {
        case MATCHER -> {
          put(series, step, LOOKUP_US, Matching.NS, NS_PER_US);
          put(series, step, HEAP_MIB, Matching.HEAP_MIB, 1);
        }
        case EXPRESSIONS -> put(series, step, REGEX_US, Matching.NS, NS_PER_US);
        case BUILD -> put(series, step, BUILD_S, Matching.NS, NS_PER_S);
        case LOOKUPS -> lookups(series, step);
        case LOAD -> {
          one(series, step, DnsPerf.QPS);
          one(series, step, DnsPerf.LOST);
        }
        case MEMORY -> one(series, step, RSS_MIB);
      }
    }
    return series;
  }

  private static void put(Series series, Step step, String value, String number, double divisor) {
    for (Sample sample : step.samples()) {
      List<Double> numbers = sample.of(number);
      for (int i = 0; i < numbers.size(); i++) {
        series.put(sample.host().word(), value, i + 1, numbers.get(i) / divisor);
      }
    }
  }

  private static void one(Series series, Step step, String value) {
    for (Sample sample : step.samples()) {
      sample.of(value).stream()
          .findFirst()
          .ifPresent(number -> series.put(sample.host().word(), value, step.round(), number));
    }
  }

  private static void lookups(Series series, Step step) {
    Optional<Double> direct = median(step, Host.DIRECT);
    for (Sample sample : step.samples()) {
      double ms = Numbers.median(sample.of(Digs.MS));
      series.put(sample.host().word(), MS, step.round(), ms);
      if (direct.isPresent() && sample.host() != Host.DIRECT) {
        series.put(sample.host().word(), ADDED_MS, step.round(), ms - direct.get());
      }
    }
  }

  private static Optional<Double> median(Step step, Host host) {
    return step.samples().stream()
        .filter(sample -> sample.host() == host)
        .map(sample -> Numbers.median(sample.of(Digs.MS)))
        .findFirst();
  }

  /** All look-ups of a host, in ms. */
  static List<Double> all(List<Step> steps, Host host) {
    List<Double> all = new ArrayList<>();
    for (Step step : steps) {
      step.samples().stream()
          .filter(sample -> sample.host() == host)
          .forEach(sample -> all.addAll(sample.of(Digs.MS)));
    }
    return all;
  }
}
