// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PlanTest {
  private static Plan plan(PaperFigure figure, boolean quick) {
    return Plan.of(figure, quick, 1, "17");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, -7, Long.MAX_VALUE})
  void tenDestinationsHaveAMeanOf55Ms(long seed) {
    List<Destination> destinations = Destination.draw(seed);
    assertThat(destinations).hasSize(10).isEqualTo(Destination.draw(seed));
    assertThat(destinations).allMatch(destination -> destination.rttNs() > 5_000_000);
    double mean = destinations.stream().mapToLong(Destination::rttNs).average().orElse(0);
    assertThat(mean).isCloseTo(55e6, offset(1.0));
    assertThat(destinations).isNotEqualTo(Destination.draw(seed + 1));
  }

  @Test
  void aQuickRunOfLongTransfersStillMakesTwentyPairsToAllDestinations() {
    Plan quick = plan(PaperFigure.FIG8, true);
    List<String> parts = new ArrayList<>();
    IntStream.rangeClosed(1, quick.rounds()).forEach(round -> parts.addAll(quick.parts(round)));
    assertThat(parts).hasSize(20);
    assertThat(parts.stream().distinct()).hasSize(10);
  }

  @Test
  void thePapersRatesAreMeasuredAndThenHigherOnes() {
    List<String> rates = plan(PaperFigure.FIG9B, false).parts(1);
    assertThat(rates.subList(0, 100)).startsWith("0.1", "0.2").endsWith("9.9", "10");
    assertThat(rates.subList(100, rates.size())).startsWith("15", "23").hasSizeGreaterThan(15);
    assertThat(plan(PaperFigure.FIG9A, true).parts(1)).contains("0.1", "10", "3000");
  }

  @Test
  void eachStepBeginsWithAnotherHost() {
    assertThat(IntStream.range(0, 4).mapToObj(step -> Plan.order(step).get(0)))
        .containsExactly(Setup.DIRECT, Setup.NULL, Setup.MEDIATED, Setup.OVERLAY);
    assertThat(Plan.order(5)).containsExactlyInAnyOrder(Setup.values());
  }

  @ParameterizedTest
  @EnumSource(PaperFigure.class)
  void itReadsBackFromJson(PaperFigure figure) throws Exception {
    ObjectMapper json = new ObjectMapper();
    Plan plan = plan(figure, true);
    assertThat(json.readValue(json.writeValueAsString(plan), Plan.class)).isEqualTo(plan);
  }
}
