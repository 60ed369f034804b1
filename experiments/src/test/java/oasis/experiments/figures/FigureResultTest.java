// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import static oasis.experiments.figures.MetricsTest.load;
import static oasis.experiments.figures.MetricsTest.seconds;
import static oasis.experiments.figures.MetricsTest.step;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import oasis.experiments.measure.Span;
import oasis.experiments.result.Goal;
import oasis.experiments.result.Report;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FigureResultTest {
  private static final Plan FIG7 = Plan.of(PaperFigure.FIG7, true, 1, "17");

  @TempDir private Path directory;

  /**
   * Transfers of one second, give or take 1 % from round to round, and what a host adds to them.
   */
  private static List<Step> transfers(int rounds, double added, double jitter) {
    List<Step> steps = new ArrayList<>();
    for (int round = 1; round <= rounds; round++) {
      double direct = 1 + 0.01 * (round % 3 - 1);
      double more = added + jitter * (round % 2 == 0 ? 1 : -1);
      steps.add(
          step(
              round,
              "site1",
              seconds(Setup.DIRECT, direct),
              seconds(Setup.NULL, direct),
              seconds(Setup.MEDIATED, direct * (1 + more)),
              seconds(Setup.OVERLAY, direct * (1 + more))));
    }
    return steps;
  }

  @Test
  void theWholeIntervalOfThePairedDifferenceMustLieWithinTwoPercent() {
    assertThat(new FigureResult(FIG7, transfers(20, 0.005, 0.01)).report().good()).isTrue();
    assertThat(new FigureResult(FIG7, transfers(20, -0.005, 0.01)).report().good()).isTrue();
    // Mean 1.8 %, but the interval reaches beyond 2 %.
    Report straddling = new FigureResult(FIG7, transfers(20, 0.018, 0.01)).report();
    assertThat(straddling.good()).isFalse();
    assertThat(straddling.goals()).anyMatch(goal -> goal.met() == Goal.Met.UNCLEAR);
    assertThat(new FigureResult(FIG7, transfers(20, 0.03, 0.001)).report().goals())
        .anyMatch(goal -> goal.met() == Goal.Met.FALSE);
  }

  @Test
  void fewerThanTwentyPairsProveNothing() {
    FigureResult result = new FigureResult(FIG7.withRounds(19), transfers(19, 0, 0.001));
    assertThat(result.report().good()).isFalse();
    assertThat(result.text()).contains("INVALID: only 19 of 20 interleaved pairs");
  }

  @Test
  void disturbedStepsMakeItInvalid() {
    List<Step> steps = new ArrayList<>(transfers(20, 0, 0.001));
    for (int i = 0; i < 5; i++) {
      Step step = steps.get(i);
      Span loud = new Span(1, 60, 0, -1, -1, 2);
      List<String> doubts = i % 2 == 0 ? List.of() : List.of("packets were late");
      Span span = i % 2 == 0 ? loud : step.span();
      steps.set(
          i, new Step(step.round(), step.part(), step.startedAt(), span, step.samples(), doubts));
    }
    assertThat(new FigureResult(FIG7, steps).text())
        .contains("INVALID: 5 of 20 measurements were disturbed");
  }

  @Test
  void aRecordedRunIsComputedAgainFromItsRawData() throws Exception {
    FigureResult result = new FigureResult(FIG7, transfers(20, 0.005, 0.01));
    String json = result.write(directory, Map.of("a", 1));
    FigureResult again = FigureResult.of(Report.recorded(directory));
    assertThat(again.verify(Report.recorded(directory))).isTrue();
    assertThat(directory.resolve("figure.svg")).content().contains("paper: added transfer time");
    assertThat(directory.resolve("values.csv")).content().contains("null,added_percent,20,0.0\n");

    Files.writeString(directory.resolve(Report.FILE), json.replaceFirst("\\[ 1.0 \\]", "[ 1.5 ]"));
    assertThat(FigureResult.of(Report.recorded(directory)).verify(Report.recorded(directory)))
        .as("raw data that was changed")
        .isFalse();
  }

  @Test
  void cpuUseIsJudgedAtTenMegabits() {
    Plan plan = Plan.of(PaperFigure.FIG9A, true, 1, "17");
    List<Step> steps =
        List.of(
            step(
                1,
                "10",
                load(Setup.DIRECT, 5, 10, 0),
                load(Setup.NULL, 5, 10, 0),
                load(Setup.MEDIATED, 2, 10, 0),
                load(Setup.OVERLAY, 3.5, 10, 0)),
            step(1, "3000", load(Setup.DIRECT, 5, 2000, 0)));
    FigureResult result = new FigureResult(plan, steps);
    assertThat(result.report().goals())
        .extracting(goal -> goal.met().name())
        .containsExactly("TRUE", "FALSE");
    assertThat(result.text()).contains("3.50", "5.0*", "paper: 20 % CPU at 10 Mbit/s");
    assertThat(result.svg()).contains("dummy overlay", "paper: 20 % CPU");
  }
}
