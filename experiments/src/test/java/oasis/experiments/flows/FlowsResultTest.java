// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.flows;

import static org.assertj.core.api.Assertions.assertThat;

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

class FlowsResultTest {
  private static final Plan PLAN = new Plan(true, "17");

  @TempDir private Path directory;

  private static FlowsResult result(double beginNs, double bytes, double mib, long stealMs) {
    List<Scored> scores = new ArrayList<>();
    for (int flows : Plan.FLOWS) {
      for (String benchmark : Plan.BENCHMARKS) {
        double ns = benchmark.equals(Plan.BEGIN) ? beginNs : 100;
        scores.add(
            new Scored(
                benchmark,
                flows,
                "2026-01-01T00:00:00Z",
                new Span(1, stealMs, 0, -1, -1, 1),
                Map.of(
                    JmhRun.SCORE,
                    List.of(ns, ns),
                    JmhRun.BYTES_PER_OP,
                    List.of(bytes, bytes),
                    "mib",
                    benchmark.equals(Plan.OUTBOUND) ? List.of(mib, mib) : List.of())));
      }
    }
    return new FlowsResult(PLAN, scores);
  }

  private static List<String> unmet(FlowsResult result) {
    return result.report().goals().stream()
        .filter(goal -> goal.met() != Goal.Met.TRUE)
        .map(Judged::name)
        .toList();
  }

  @Test
  void aMillionFlowsAreJudgedByMemoryTimeAndGarbage() {
    FlowsResult good = result(2_000, 0.001, 230, 0);
    assertThat(good.report().good()).isTrue();
    assertThat(good.text()).contains("1,000,000", "230.0", "500,000");
    assertThat(unmet(result(5_001, 0.001, 230, 0))).containsExactly("flows1000000.new_per_s");
    assertThat(unmet(result(2_000, 8, 230, 0)))
        .containsExactly("flows1000000.outbound_bytes", "flows1000000.inbound_bytes");
    assertThat(unmet(result(2_000, 0, 257, 0))).containsExactly("flows1000000.memory_mib");
  }

  @Test
  void aMachineThatWasTakenAwayMakesItInvalid() {
    FlowsResult disturbed = result(2_000, 0, 230, 100);
    assertThat(disturbed.report().good()).isFalse();
    assertThat(disturbed.text()).contains("INVALID: 9 of 9 measurements were disturbed");
  }

  @Test
  void aRecordedRunIsComputedAgainFromItsRawData() throws Exception {
    result(2_000, 0.001, 230, 0).write(directory, Map.of());
    assertThat(FlowsResult.of(Report.recorded(directory)).verify(Report.recorded(directory)))
        .isTrue();
    assertThat(directory.resolve("figure.svg")).content().contains("flows [logarithmic]");
  }
}
