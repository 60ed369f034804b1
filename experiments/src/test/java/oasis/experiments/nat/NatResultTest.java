// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.nat;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import oasis.experiments.measure.JmhRun;
import oasis.experiments.measure.Span;
import oasis.experiments.result.Goal;
import oasis.experiments.result.Judged;
import oasis.experiments.result.Report;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NatResultTest {
  private static final Plan PLAN = Plan.of(true, "17").withRounds(2);
  private static final Span QUIET = new Span(4, 0, 0, -1, 1, 1);

  @TempDir private Path directory;

  private static Entry scored(String benchmark, int held, double ns, double bytes) {
    Map<String, List<Double>> numbers =
        Map.of(
            JmhRun.SCORE,
            List.of(ns, ns),
            JmhRun.BYTES_PER_OP,
            List.of(bytes, bytes),
            "mib",
            List.of(120.0, 120.0));
    return new Entry("now", QUIET, new Entry.Scored(benchmark, held, numbers), null);
  }

  private static NatResult result(double ns, double bytes, long failed, boolean translated) {
    List<Entry> entries = new ArrayList<>();
    for (int held : Plan.HELD) {
      entries.add(scored(Plan.NEW, held, ns, 0));
      entries.add(scored(Plan.KNOWN, held, ns / 2, bytes));
    }
    for (int round = 1; round <= PLAN.rounds(); round++) {
      for (Way way : Plan.order(round)) {
        Entry.Rate rate = new Entry.Rate(round, way, 4, 20_000, failed, translated);
        entries.add(new Entry("now", QUIET, null, rate));
      }
    }
    return new NatResult(PLAN, entries);
  }

  private static List<String> unmet(NatResult result) {
    return result.report().goals().stream()
        .filter(goal -> goal.met() != Goal.Met.TRUE)
        .map(Judged::name)
        .toList();
  }

  @Test
  void aRunInWhichAllGoesWellIsGood() {
    NatResult result = result(500, 0, 0, true);
    assertThat(result.report().good()).as(result.text()).isTrue();
    assertThat(result.text())
        .contains("1,000,000", "2,000,000", "kernel's masquerade", "5,000", "6 of 6 goals met");
    assertThat(result.svg()).contains("exit node, raw backend");
  }

  @Test
  void slownessGarbageAndFailuresAreSeen() {
    assertThat(unmet(result(20_000, 0, 0, true))).containsExactly("engine1000000.new_per_s");
    assertThat(unmet(result(500, 3, 0, true))).containsExactly("engine1000000.known_bytes");
    assertThat(result(500, 0, 21, true).text()).contains("INVALID", "21 of 20000");
    assertThat(result(500, 0, 0, false).text()).contains("another address than the exit's");
  }

  @Test
  void aRecordedRunIsComputedAgainFromItsRawData() throws Exception {
    NatResult result = result(500, 0, 0, true);
    String json = result.write(directory, Map.of("a", 1));
    assertThat(NatResult.of(Report.recorded(directory)).verify(Report.recorded(directory)))
        .isTrue();
    Files.writeString(directory.resolve(Report.FILE), json.replaceFirst(": 500\\.0", ": 501.0"));
    assertThat(NatResult.of(Report.recorded(directory)).verify(Report.recorded(directory)))
        .as("raw data that was changed")
        .isFalse();
  }
}
