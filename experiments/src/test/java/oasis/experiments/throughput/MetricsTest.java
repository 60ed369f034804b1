// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import oasis.experiments.measure.Span;
import oasis.experiments.result.Series;
import org.junit.jupiter.api.Test;

class MetricsTest {
  private static final Span HALF_A_CORE = new Span(2, 0, 0, 1_000_000_000, -1, 1);

  private static Series of(Measurement measurement) {
    Map<String, Double> facts = Map.of("start_client", 420.0);
    return Metrics.of(List.of(new Visit(3, "ours", "now", facts, List.of(measurement), List.of())));
  }

  private static Measurement measurement(Kind test, Mode mode, Map<String, Double> numbers) {
    return new Measurement(test, mode, HALF_A_CORE, numbers, new TreeMap<>(), List.of());
  }

  @Test
  void tcpHasItsRateAndItsCost() {
    Series series = of(measurement(Kind.TCP_DOWN, Mode.WIRE, Map.of("mbit", 99.5)));
    assertThat(series.of("ours.tcp_down.wire")).containsExactly(99.5);
    assertThat(series.of("ours.cpu_tcp_down_client.wire").get(0)).isCloseTo(50, offset(1e-9));
    assertThat(series.of("ours.start_client")).containsExactly(420.0);
  }

  @Test
  void aSideWithoutProcessesHasNoUsage() {
    Series series = of(measurement(Kind.IDLE, Mode.DEFAULT, Map.of()));
    assertThat(series.of("ours.idle_client.default")).hasSize(1);
    assertThat(series.of("ours.idle_exit.default")).isEmpty();
  }

  @Test
  void percentilesAreThoseOfTheSortedList() {
    SortedMap<Integer, Integer> counts = new TreeMap<>(Map.of(10, 50, 20, 48, 1000, 2));
    assertThat(Metrics.percentile(counts, 50)).isEqualTo(10);
    assertThat(Metrics.percentile(counts, 51)).isEqualTo(20);
    assertThat(Metrics.percentile(counts, 98)).isEqualTo(20);
    assertThat(Metrics.percentile(counts, 99)).isEqualTo(1000);
    assertThat(Metrics.percentile(new TreeMap<>(), 50)).isNaN();
  }

  @Test
  void stealOrForeignLoadMakesASpanDoubtful() {
    assertThat(new Span(2, 90, 90, 0, 0, 1).doubtful()).isFalse();
    assertThat(new Span(2, 110, 0, 0, 0, 1).doubtful()).isTrue();
    assertThat(new Span(2, 0, 110, 0, 0, 1).doubtful()).isTrue();
  }
}
