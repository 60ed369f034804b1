// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.failover;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import oasis.experiments.failover.Step.Attempt;
import oasis.experiments.failover.Step.Download;
import oasis.experiments.measure.Span;
import oasis.experiments.result.Goal;
import oasis.experiments.result.Judged;
import oasis.experiments.result.Report;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FailoverResultTest {
  private static final Plan PLAN = new Plan(true, 1, 1, "17");
  private static final Download GOOD = new Download(1.4, 0.05, true);
  private static final Attempt QUICK = new Attempt(0.1, 0.3, 1);

  @TempDir private Path directory;

  /** A failure of each kind, all alike but for a few downloads and connections. */
  private static List<Step> steps(List<Download> others, List<Attempt> slow) {
    List<Step> steps = new ArrayList<>();
    for (Failure failure : Failure.values()) {
      List<Download> downloads = new ArrayList<>(others);
      downloads.addAll(Collections.nCopies(Plan.DOWNLOADS - others.size(), GOOD));
      List<Attempt> attempts = new ArrayList<>(slow);
      attempts.addAll(Collections.nCopies(Plan.ATTEMPTS - slow.size(), QUICK));
      Span span = new Span(8, 0, 0, -1, -1, 1);
      steps.add(new Step(1, failure, "now", span, downloads, attempts, List.of()));
    }
    return steps;
  }

  private static List<String> unmet(List<Step> steps) {
    return new FailoverResult(PLAN, steps)
        .report().goals().stream()
            .filter(goal -> goal.met() != Goal.Met.TRUE)
            .map(Judged::name)
            .toList();
  }

  @Test
  void aRunInWhichAllGoesWellIsGood() {
    FailoverResult result = new FailoverResult(PLAN, steps(List.of(), List.of()));
    assertThat(result.report().good()).isTrue();
    assertThat(result.text())
        .contains("entry node black-holed", "download reset", "1.400", "6 of 6 goals met");
    assertThat(result.svg()).contains("kill: new connection", "goal: resets");
  }

  @Test
  void fiveSlowConnectionsOfAHundredPassAndSixDoNot() {
    Attempt slow = new Attempt(0.1, 1.2, 1);
    assertThat(unmet(steps(List.of(), Collections.nCopies(5, slow)))).isEmpty();
    assertThat(unmet(steps(List.of(), Collections.nCopies(6, slow))))
        .containsExactly("kill.new_p95_s", "hole.new_p95_s");
    Attempt lost = new Attempt(0.1, Step.NEVER, 20);
    assertThat(unmet(steps(List.of(), Collections.nCopies(6, lost))))
        .containsExactly("kill.new_p95_s", "hole.new_p95_s");
    assertThat(new FailoverResult(PLAN, steps(List.of(), List.of(lost))).text())
        .contains("2 new connections never succeeded");
  }

  @Test
  void oneDownloadThatHangsOrFailsAgainIsOneTooMany() {
    assertThat(unmet(steps(List.of(new Download(2.1, 0.05, true)), List.of())))
        .containsExactly("kill.reset_worst_s", "hole.reset_worst_s");
    assertThat(unmet(steps(List.of(new Download(Step.NEVER, Step.NEVER, false)), List.of())))
        .containsExactly(
            "kill.reset_worst_s",
            "kill.retried_percent",
            "hole.reset_worst_s",
            "hole.retried_percent");
    assertThat(unmet(steps(List.of(new Download(0.5, 0.1, false)), List.of())))
        .containsExactly("kill.retried_percent", "hole.retried_percent");
  }

  @Test
  void oneResetThatIsLateInOneRoundIsNotMadeUpForByOtherRounds() {
    List<Step> steps = new ArrayList<>(steps(List.of(), List.of()));
    for (Step late : steps(List.of(new Download(2.1, 0.05, true)), List.of())) {
      steps.add(
          new Step(
              2, late.failure(), "now", late.span(), late.downloads(), late.attempts(), List.of()));
    }
    assertThat(unmet(steps)).containsExactly("kill.reset_worst_s", "hole.reset_worst_s");
  }

  @Test
  void aStepThatMissesDownloadsMakesItInvalid() {
    Step step = steps(List.of(), List.of()).get(0);
    Step less =
        new Step(1, Failure.HOLE, "now", step.span(), List.of(GOOD), step.attempts(), List.of());
    assertThat(new FailoverResult(PLAN, List.of(step, less)).text())
        .contains("INVALID: round 1 is not complete");
  }

  @Test
  void aRecordedRunIsComputedAgainFromItsRawData() throws Exception {
    FailoverResult result = new FailoverResult(PLAN, steps(List.of(), List.of()));
    String json = result.write(directory, Map.of("a", 1));
    assertThat(FailoverResult.of(Report.recorded(directory)).verify(Report.recorded(directory)))
        .isTrue();
    assertThat(directory.resolve("values.csv")).content().contains("hole,reset_max_s,1,1.4\n");

    Files.writeString(directory.resolve(Report.FILE), json.replaceFirst(": 1\\.4", ": 1.9"));
    assertThat(FailoverResult.of(Report.recorded(directory)).verify(Report.recorded(directory)))
        .as("raw data that was changed")
        .isFalse();
  }
}
