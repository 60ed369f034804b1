// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import oasis.experiments.result.Goal;
import oasis.experiments.result.Judged;
import oasis.experiments.result.Report;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KillResultTest {
  private static final Plan PLAN = new Plan(false, List.of(Point.values()), 100, 7, "17");
  private static final Capture SILENCE = new Capture(List.of(), true);
  private static final Capture LOSSY = new Capture(List.of(), false);
  private static final Ending GOOD =
      new Ending(List.of(), List.of(), List.of(true, true), SILENCE, true);

  @TempDir private Path directory;

  /** A trial after which all was well. */
  private static Trial good(Case tried, double ms) {
    return trial(tried, ms, List.of(), List.of());
  }

  private static Trial trial(Case tried, double ms, List<String> doubts, List<String> packets) {
    Map<Probes.Kind, Double> recovered = new EnumMap<>(Probes.Kind.class);
    for (Probes.Kind kind : Probes.Kind.values()) {
      recovered.put(kind, ms);
    }
    List<String> left = List.of("+ file run/client.sock");
    List<String> none = List.of();
    return new Trial(
        tried,
        "now",
        "idle",
        none,
        doubts,
        recovered,
        none,
        10,
        -1,
        left,
        none,
        none,
        none,
        4,
        none,
        new Capture(packets, true));
  }

  private static List<Trial> all(double ms) {
    List<Trial> trials = new ArrayList<>();
    PLAN.cases().forEach(tried -> trials.add(good(tried, ms)));
    return trials;
  }

  private static List<String> unmet(KillResult result) {
    return result.report().goals().stream()
        .filter(goal -> goal.met() != Goal.Met.TRUE)
        .map(Judged::name)
        .toList();
  }

  @Test
  void theSlowestProbeOfAllTrialsDecides() {
    assertThat(new KillResult(PLAN, all(200), GOOD).report().good()).isTrue();
    List<Trial> one = all(200);
    one.set(3, good(one.get(3).tried(), 1001));
    assertThat(unmet(new KillResult(PLAN, one, GOOD)))
        .containsExactly("killed.dns_ms", "killed.tcp_ms");
    assertThat(unmet(new KillResult(PLAN, all(4000), GOOD)))
        .as("a hang has five seconds")
        .containsExactly("killed.dns_ms", "killed.tcp_ms");
  }

  @Test
  void onePacketWithAFakeAddressIsTooMany() {
    List<Trial> trials = all(200);
    String packet = "1790000000.1 IP 192.0.2.2.7 > 198.18.0.7.9: UDP, length 1";
    trials.set(5, trial(trials.get(5).tried(), 200, List.of(), List.of(packet)));
    KillResult result = new KillResult(PLAN, trials, GOOD);
    assertThat(unmet(result)).containsExactly("any.fake_packets");
    assertThat(result.text()).contains("on the wire: " + packet);
  }

  @Test
  void packetsOfATrialThatMissedOrBehindTheLastOneCountToo() {
    Capture one = new Capture(List.of("1790000000.1 IP 198.18.0.7.9 > 192.0.2.2.7: UDP"), true);
    List<Trial> trials = all(200);
    trials.set(5, trials.get(5).behind(one));
    assertThat(unmet(new KillResult(PLAN, trials, GOOD))).containsExactly("any.fake_packets");
    Ending late = new Ending(List.of(), List.of(), List.of(true, true), one, true);
    KillResult result = new KillResult(PLAN, all(200), late);
    assertThat(unmet(result)).containsExactly("any.fake_packets");
    assertThat(result.text()).contains("at the end: on the wire: 1790000000.1 IP");
  }

  @Test
  void aBlowThatMissedMakesTheRunInvalidAndDoesNotCountAsHit() {
    List<Trial> trials = all(200);
    int last = trials.size() - 1;
    List<String> doubt = List.of("the client had ended");
    trials.set(last, trial(trials.get(last).tried(), 200, doubt, List.of()));
    KillResult result = new KillResult(PLAN, trials, GOOD);
    assertThat(unmet(result)).containsExactly("random.instants");
    assertThat(result.text()).contains("INVALID: random-100: the client had ended");
  }

  @Test
  void withoutProofThatTheCaptureSeesPacketsItProvesNothing() {
    Ending blind = new Ending(List.of(), List.of(), List.of(true, false), SILENCE, true);
    assertThat(new KillResult(PLAN, all(200), blind).text())
        .contains("INVALID: packets to fake addresses that were sent on purpose");
    Ending lossy = new Ending(List.of(), List.of(), List.of(true, true), LOSSY, true);
    assertThat(new KillResult(PLAN, all(200), lossy).report().good()).isFalse();
    List<Trial> gap = all(200);
    gap.set(2, gap.get(2).behind(LOSSY));
    assertThat(new KillResult(PLAN, gap, GOOD).text())
        .as("also where the rest of the run was captured whole, or in another part")
        .contains("INVALID: the capture has lost packets");
    Ending silent = new Ending(List.of(), List.of(), List.of(true, true), SILENCE, false);
    assertThat(new KillResult(PLAN, all(200), silent).report().good()).isFalse();
    assertThat(new KillResult(PLAN, all(200).subList(0, 20), GOOD).text())
        .contains("INVALID: only 20 of ");
  }

  @Test
  void aRecordedRunIsComputedAgainFromItsRawData() throws Exception {
    KillResult result = new KillResult(PLAN, all(200), GOOD);
    result.write(directory, Map.of("a", 1));
    KillResult again = KillResult.of(Report.recorded(directory));
    assertThat(again.verify(Report.recorded(directory))).isTrue();
    assertThat(directory.resolve("figure.svg")).content().contains("start-half", "random");
    assertThat(directory.resolve("values.csv")).content().contains("idle,dns_ms,1,200.0\n");
    assertThat(directory.resolve("table.txt")).content().contains("SIGKILL to its process group");

    Path file = directory.resolve(Report.FILE);
    Files.writeString(file, Files.readString(file).replaceFirst(": 200.0", ": 201.0"));
    assertThat(KillResult.of(Report.recorded(directory)).verify(Report.recorded(directory)))
        .as("raw data that was changed")
        .isFalse();
  }

  @Test
  void aShortPlanIsNotAskedForAHundredInstants() {
    Plan quick = new Plan(true, List.of(Point.values()), Plan.QUICK_INSTANTS, 7, "17");
    List<Trial> trials = quick.cases().stream().map(tried -> good(tried, 200)).toList();
    assertThat(new KillResult(quick, trials, GOOD).report().goals())
        .extracting(Judged::name)
        .doesNotContain("random.instants")
        .contains("named.points");
  }

  @Test
  void theSameSeedDrawsTheSameInstants() {
    assertThat(PLAN.cases()).isEqualTo(new Plan(false, PLAN.points(), 100, 7, "17").cases());
    assertThat(PLAN.cases()).isNotEqualTo(new Plan(false, PLAN.points(), 100, 8, "17").cases());
    assertThat(PLAN.cases().stream().filter(Case::random))
        .hasSize(100)
        .allMatch(tried -> tried.atMs() >= 0 && tried.atMs() <= Plan.SPAN_MS);
    assertThat(PLAN.cases().stream().map(Case::name)).doesNotHaveDuplicates();
  }
}
