// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.restart;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import oasis.experiments.restart.Step.Download;
import oasis.experiments.result.Goal;
import oasis.experiments.result.Judged;
import oasis.experiments.result.Report;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RestartResultTest {
  private static final Plan PLAN = new Plan(List.of(Way.values()), true, 1, 1, "17");
  private static final Download GOOD = new Download(0, true);

  @TempDir private Path directory;

  private static Step step(Way way, Change change, List<Download> bad, List<String> left) {
    List<Download> downloads = new ArrayList<>(bad);
    downloads.addAll(Collections.nCopies(Plan.DOWNLOADS - bad.size(), GOOD));
    return new Step(1, way, change, "now", 50, 50, 900, 40, 0, left, downloads);
  }

  /** All goes well when a node is replaced, and all downloads fail else. */
  private static List<Step> steps() {
    List<Step> steps = new ArrayList<>();
    for (Way way : Way.values()) {
      for (Change change : Change.values()) {
        int failed = change == Change.REPLACED ? 0 : Plan.DOWNLOADS;
        Download bad = new Download(56, false);
        steps.add(step(way, change, Collections.nCopies(failed, bad), List.of()));
      }
    }
    return steps;
  }

  private static List<String> unmet(List<Step> steps) {
    return new RestartResult(PLAN, steps)
        .report().goals().stream()
            .filter(goal -> goal.met() != Goal.Met.TRUE)
            .map(Judged::name)
            .toList();
  }

  @Test
  void aRunInWhichAllGoesWellIsGood() {
    RestartResult result = new RestartResult(PLAN, steps());
    assertThat(result.report().good()).isTrue();
    assertThat(result.text()).contains("raw backend, sockets", "killed", "8 of 8 goals met");
    assertThat(result.svg()).contains("downloads that fail");
  }

  @Test
  void oneDownloadThatFailsOrIsNotWholeIsOneTooMany() {
    for (Download bad : List.of(new Download(18, true), new Download(0, false))) {
      List<Step> steps = steps();
      steps.set(0, step(Way.KERNEL, Change.REPLACED, List.of(bad), List.of()));
      assertThat(unmet(steps)).containsExactly("kernel-replaced.failed");
    }
  }

  @Test
  void oneThingLeftIsOneTooMany() {
    List<Step> steps = steps();
    steps.set(5, step(Way.RAW, Change.KILLED, List.of(), List.of("table inet oasis_exit")));
    assertThat(unmet(steps)).containsExactly("raw-killed.left");
  }

  @Test
  void downloadsThatHadEndedBeforeShowNothing() {
    List<Step> steps = steps();
    Step good = steps.get(0);
    steps.set(
        0,
        new Step(
            1, good.way(), good.change(), "now", 50, 49, 1, 1, 0, List.of(), good.downloads()));
    assertThat(new RestartResult(PLAN, steps).text())
        .contains("INVALID: round 1, kernel backend, replaced: 49 of 50 downloads were in flight");
    steps.remove(0);
    assertThat(new RestartResult(PLAN, steps).text()).contains("only 8 of 9 steps");
  }

  @Test
  void aRecordedRunIsComputedAgainFromItsRawData() throws Exception {
    RestartResult result = new RestartResult(PLAN, steps());
    String json = result.write(directory, Map.of("a", 1));
    assertThat(RestartResult.of(Report.recorded(directory)).verify(Report.recorded(directory)))
        .isTrue();
    Files.writeString(
        directory.resolve(Report.FILE), json.replaceFirst("\"whole\" : true", "\"whole\" : false"));
    assertThat(RestartResult.of(Report.recorded(directory)).verify(Report.recorded(directory)))
        .as("raw data that was changed")
        .isFalse();
  }

  @Test
  void theLongestPauseBetweenAnswersIsRead() {
    String output =
        """
        PING 203.0.113.2 (203.0.113.2) 56(84) bytes of data.
        [1763800000.100000] 64 bytes from 203.0.113.2: icmp_seq=1 ttl=61 time=0.7 ms
        [1763800000.120000] 64 bytes from 203.0.113.2: icmp_seq=2 ttl=61 time=0.7 ms
        [1763800000.370000] 64 bytes from 203.0.113.2: icmp_seq=3 ttl=61 time=230 ms
        [1763800000.371000] 64 bytes from 203.0.113.2: icmp_seq=4 ttl=61 time=210 ms
        """;
    assertThat(Pings.longestPauseMs(output)).isBetween(249.9, 250.1);
    assertThat(Pings.longestPauseMs("")).isZero();
  }
}
