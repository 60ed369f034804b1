// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import java.util.List;
import java.util.function.ToDoubleFunction;
import oasis.experiments.result.Series;

/** Computes the values of a run from its raw data. */
final class Metrics {
  private Metrics() {}

  /**
   * By sockets, for each exit node: {@code datagrams} and how many of them {@code per_s}; {@code
   * kept_percent} of the friend's flow; {@code forbidden} packets that left; {@code exceptions};
   * {@code hwm_mib}, the most memory it had. Into the engines, for both together: {@code
   * datagrams}, {@code forbidden}, {@code exceptions}, and for the worse one {@code growth_mib},
   * what the heap grew by in the second half.
   */
  static Series of(List<OverSockets> sockets, List<IntoEngine> engines) {
    Series series = new Series();
    for (OverSockets one : sockets) {
      String who = one.subject().word();
      series.put(who, "datagrams", 1, (double) one.sent());
      series.put(who, "per_s", 1, one.perSecond());
      series.put(who, "kept_percent", 1, one.keptPercent());
      series.put(who, "forbidden", 1, (double) one.forbidden());
      series.put(who, "exceptions", 1, (double) one.exceptions());
      series.put(who, "hwm_mib", 1, one.hwmMib());
    }
    if (!engines.isEmpty()) {
      String who = Plan.ENGINE;
      series.put(who, "datagrams", 1, sum(engines, IntoEngine::datagrams));
      series.put(who, "forbidden", 1, sum(engines, IntoEngine::forbidden));
      series.put(who, "exceptions", 1, sum(engines, IntoEngine::exceptions));
      series.put(who, "growth_mib", 1, growth(engines));
    }
    return series;
  }

  private static double sum(List<IntoEngine> engines, ToDoubleFunction<IntoEngine> of) {
    return engines.stream().mapToDouble(of).sum();
  }

  private static double growth(List<IntoEngine> engines) {
    return engines.stream()
        .mapToDouble(each -> Math.max(0, each.heapEndMib() - each.heapHalfMib()))
        .max()
        .orElse(Double.NaN);
  }
}
