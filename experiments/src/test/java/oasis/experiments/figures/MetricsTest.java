// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import oasis.experiments.measure.Span;
import oasis.experiments.result.Series;
import org.junit.jupiter.api.Test;

class MetricsTest {
  private static final Span QUIET = new Span(2, 0, 0, -1, -1, 1);

  static Step step(int round, String part, Sample... samples) {
    return new Step(round, part, "2026-01-01T00:00:00Z", QUIET, List.of(samples), List.of());
  }

  static Sample rtt(Setup setup, double ms) {
    return new Sample(setup, Map.of(Pings.RTT, List.of(ms)));
  }

  static Sample seconds(Setup setup, Double... seconds) {
    return new Sample(setup, Map.of(Transfers.SECONDS, List.of(seconds)));
  }

  static Sample load(Setup setup, double percent, double sent, double lost) {
    List<Double> samples = new ArrayList<>(Collections.nCopies(Plan.SAMPLES, percent));
    samples.set(0, 90.0);
    samples.set(samples.size() - 1, 0.0);
    return new Sample(
        setup,
        Map.of(
            Loads.CLIENT,
            setup.hasClient() ? samples : List.of(),
            Loads.MACHINE,
            samples,
            Loads.SENT,
            List.of(sent),
            Loads.LOST,
            List.of(lost)));
  }

  @Test
  void whatAHostAddsIsTheMedianOverDestinationsOfDifferencesWithinAStep() {
    Series series =
        Metrics.of(
            PaperFigure.FIG6,
            List.of(
                step(1, "site1", rtt(Setup.OVERLAY, 20.5), rtt(Setup.DIRECT, 20.0)),
                step(1, "site2", rtt(Setup.DIRECT, 50.0), rtt(Setup.OVERLAY, 50.25)),
                step(1, "site3", rtt(Setup.DIRECT, 80.0), rtt(Setup.OVERLAY, 80.0)),
                step(2, "site1", rtt(Setup.DIRECT, 30.0), rtt(Setup.OVERLAY, 29.0))));
    assertThat(series.of("overlay.added_ms")).containsExactly(0.25, -1.0);
    assertThat(series.of("direct.ms")).containsExactly(50.0, 30.0);
    assertThat(series.of("direct.added_ms")).isEmpty();
    assertThat(series.of("mediated.added_ms")).isEmpty();
  }

  @Test
  void transferTimesAreComparedByTheMeansOfTheirRound() {
    Series series =
        Metrics.of(
            PaperFigure.FIG7,
            List.of(
                step(1, "site1", seconds(Setup.DIRECT, 0.1, 0.3), seconds(Setup.NULL, 0.2, 0.22)),
                step(1, "site2", seconds(Setup.DIRECT, 0.3), seconds(Setup.NULL, 0.3))));
    assertThat(series.of("null.ms").get(0)).isCloseTo(255, offset(1e-9));
    assertThat(series.of("null.added_percent").get(0)).isCloseTo(2, offset(1e-9));
    assertThat(series.of("null.added_ms").get(0)).isCloseTo(5, offset(1e-9));
  }

  @Test
  void theDistributionIsOverDestinationsNotOverRounds() {
    List<Step> steps =
        List.of(
            step(1, "site1", rtt(Setup.DIRECT, 20), rtt(Setup.MEDIATED, 23)),
            step(1, "site2", rtt(Setup.DIRECT, 50), rtt(Setup.MEDIATED, 51)),
            step(2, "site1", rtt(Setup.DIRECT, 20), rtt(Setup.MEDIATED, 21)),
            step(2, "site2", rtt(Setup.DIRECT, 50)));
    assertThat(Metrics.distribution(steps, Setup.MEDIATED)).containsExactly(1.0, 2.0);
    assertThat(Metrics.distribution(steps, Setup.NULL)).isEmpty();
  }

  @Test
  void firstAndLastSampleOfCpuUseDoNotCount() {
    Series series =
        Metrics.of(
            PaperFigure.FIG9A,
            List.of(
                step(1, "10", load(Setup.OVERLAY, 2, 10, 0), load(Setup.DIRECT, 7, 10, 0)),
                step(1, "100", load(Setup.OVERLAY, 9, 100, 0.05), load(Setup.DIRECT, 8, 99, 0)),
                step(1, "300", load(Setup.OVERLAY, 30, 300, 0.2), load(Setup.DIRECT, 9, 290, 0))));
    assertThat(series.of("overlay.cpu_10mbit")).containsExactly(2.0);
    assertThat(series.of("overlay.machine_100mbit")).containsExactly(9.0);
    assertThat(series.of("direct.cpu_10mbit")).isEmpty();
    assertThat(series.of("direct.machine_10mbit")).containsExactly(7.0);
    assertThat(series.of("overlay.saturation_mbit")).containsExactly(100.0);
    assertThat(series.of("direct.saturation_mbit")).containsExactly(290.0);
  }

  @Test
  void aHostIsSaturatedByLossOrBySendingTooLittle() {
    assertThat(Loads.saturated(load(Setup.DIRECT, 1, 100, 0.09), "100")).isFalse();
    assertThat(Loads.saturated(load(Setup.DIRECT, 1, 100, 0.1), "100")).isTrue();
    assertThat(Loads.saturated(load(Setup.DIRECT, 1, 94, 0), "100")).isTrue();
    assertThat(Loads.saturated(new Sample(Setup.DIRECT, Map.of()), "100")).isTrue();
  }

  @Test
  void onlyHostsThatBoreARateGetAHigherOne() {
    Step step = step(1, "30", load(Setup.DIRECT, 1, 30, 0), load(Setup.OVERLAY, 1, 30, 5));
    assertThat(Loads.hadEnough(step, Setup.DIRECT)).isFalse();
    assertThat(Loads.hadEnough(step, Setup.OVERLAY)).isTrue();
    assertThat(Loads.hadEnough(step, Setup.NULL)).as("it was left out").isTrue();
    Step failed = step(1, "1000", new Sample(Setup.OVERLAY, Map.of()));
    assertThat(Loads.hadEnough(failed, Setup.OVERLAY)).as("it broke down").isTrue();
    Step slow = step(1, "0.1", load(Setup.OVERLAY, 1, 0.1, 5));
    assertThat(Loads.hadEnough(slow, Setup.OVERLAY)).as("one lost datagram").isFalse();
  }
}
