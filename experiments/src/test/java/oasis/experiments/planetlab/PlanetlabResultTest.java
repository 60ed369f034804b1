// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import oasis.experiments.measure.Span;
import oasis.experiments.planetlab.Silence.Answers;
import oasis.experiments.planetlab.Step.Check;
import oasis.experiments.planetlab.Step.Load;
import oasis.experiments.planetlab.Step.Sample;
import oasis.experiments.result.Goal;
import oasis.experiments.result.Judged;
import oasis.experiments.result.Report;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanetlabResultTest {
  private static final Plan PLAN = new Plan(true, 1, 1000, 1, 10, 1, "17");
  private static final Answers QUIET = new Answers(0, 0, 10, 1, 1);
  private static final Check GOOD = new Check("curl", Carrier.OVERLAY, true, 0, "");
  private static final Check BAD = new Check("curl", Carrier.UNDERLAY, false, 7, "curl: (18)");
  private static final Map<String, Double> HOSTILE =
      Map.of("growth_mib", 9.0, "held_mib", 40.0, "guesses_counted", 19_990.0);

  @TempDir private Path directory;

  /** Each proxy's value; the port's throughput is 10, its time 2. */
  private static List<Sample> samples(double mbits, double ms, long foreignMs) {
    List<Sample> samples = new ArrayList<>();
    Span span = new Span(1, 0, foreignMs, -1, -1, 1);
    for (Proxy proxy : Proxy.values()) {
      double m = proxy == Proxy.TINYPROXY ? mbits : 10;
      samples.add(new Sample(proxy, Load.DOWN, m, 1_000_000_000, 1, 2, span));
      samples.add(new Sample(proxy, Load.UP, m, 1_000_000_000, 1, 2, span));
      samples.add(new Sample(proxy, Load.PAGE, proxy == Proxy.TINYPROXY ? ms : 2, 0, 1, 2, span));
    }
    return samples;
  }

  private static List<Step> steps(List<Check> checks, List<Sample> samples, Answers silence) {
    List<Step> steps = new ArrayList<>();
    for (Part part : Part.values()) {
      boolean cost = part == Part.COST;
      steps.add(
          new Step(
              1,
              part,
              "now",
              cost ? List.of() : checks,
              cost ? samples : List.of(),
              silence,
              part == Part.HOSTILE ? HOSTILE : Map.of()));
    }
    return steps;
  }

  private static List<String> unmet(List<Step> steps) {
    return new PlanetlabResult(PLAN, steps)
        .report().goals().stream()
            .filter(goal -> goal.met() != Goal.Met.TRUE)
            .map(Judged::name)
            .toList();
  }

  @Test
  void aRunInWhichAllGoesWellIsGood() {
    PlanetlabResult result =
        new PlanetlabResult(PLAN, steps(List.of(GOOD), samples(9, 2.1, 0), QUIET));

    assertThat(result.report().good()).as(result.text()).isTrue();
    assertThat(result.text()).contains("programs of today", "tinyproxy").doesNotContain("FAILED");
    assertThat(result.svg()).contains("time to the first byte");
  }

  @Test
  void aBodyThatIsNotWholeIsNamedAndCounted() {
    List<Step> steps = steps(List.of(GOOD, BAD), samples(9, 2.1, 0), QUIET);
    assertThat(unmet(steps))
        .contains("programs.failed", "many.failed", "large.corrupted_bytes", "bad.corrupted_bytes")
        .doesNotContain("port.mbit_down/tinyproxy");
    assertThat(new PlanetlabResult(PLAN, steps).text())
        .contains("FAILED: round 1, large bodies, curl by the underlay: curl: (18)");
  }

  @Test
  void anAnswerOfTheKernelIsNotMet() {
    Answers loud = new Answers(1, 0, 10, 1, 1);
    assertThat(unmet(steps(List.of(GOOD), samples(9, 2.1, 0), loud)))
        .hasSize(Part.values().length)
        .allMatch(name -> name.endsWith(".kernel_answers"));
  }

  @Test
  void aPortThatIsSlowerOrLaterIsNotMet() {
    assertThat(unmet(steps(List.of(GOOD), samples(11, 1.5, 0), QUIET)))
        .containsExactlyInAnyOrder(
            "port.mbit_down/tinyproxy", "port.mbit_up/tinyproxy", "port.first_byte_ms/tinyproxy");
  }

  @Test
  void aCountThatSeesNothingOrADisturbedMachineShowsNothing() {
    Answers blind = new Answers(0, 0, 10, 0, 1);
    assertThat(
            new PlanetlabResult(PLAN, steps(List.of(GOOD), samples(9, 2.1, 0), blind))
                .report()
                .invalid())
        .hasSize(Part.values().length);
    assertThat(
            new PlanetlabResult(PLAN, steps(List.of(GOOD), samples(9, 2.1, 900), QUIET))
                .report()
                .invalid())
        .containsExactly("12 of 12 measurements were disturbed by others");
  }

  @Test
  void aRecordedRunIsComputedAgainFromItsRawData() throws Exception {
    PlanetlabResult result =
        new PlanetlabResult(PLAN, steps(List.of(GOOD), samples(8, 2.1, 0), QUIET));
    String json = result.write(directory, Map.of("a", 1));
    assertThat(PlanetlabResult.of(Report.recorded(directory)).verify(Report.recorded(directory)))
        .isTrue();
    assertThat(directory.resolve("values.csv"))
        .content()
        .contains("port,mbit_down/tinyproxy,1,1.25\n");

    Files.writeString(directory.resolve(Report.FILE), json.replaceFirst(": 1\\.25", ": 1.5"));
    assertThat(PlanetlabResult.of(Report.recorded(directory)).verify(Report.recorded(directory)))
        .as("raw data that was changed")
        .isFalse();
  }
}
