// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import oasis.experiments.measure.Span;
import oasis.experiments.result.Goal;
import oasis.experiments.result.Judged;
import oasis.experiments.result.Report;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostileResultTest {
  private static final Plan FULL = Plan.of(false, List.of(Subject.values()), null, null, 1, "17");
  private static final Plan QUICK = Plan.of(true, List.of(Subject.RAW), null, null, 1, "17");

  @TempDir private Path directory;

  /** How a run went, as far as it matters here. */
  private record Run(long sent, double lost, long forbidden, long canaries, long exceptions) {
    static final Run GOOD = new Run(1_000_000, 1, 0, 10, 0);

    OverSockets of(Subject subject) {
      return new OverSockets(
          subject,
          "now",
          new Span(50, 0, 0, 1, 1, 1),
          Map.of("real", sent),
          sent,
          sent / 21_000.0,
          sent,
          sent / 2,
          sent / 4,
          sent / 3,
          forbidden,
          0,
          subject.kernel() ? canaries / 2 : canaries,
          true,
          50,
          lost,
          200_000,
          exceptions,
          true,
          80,
          81,
          82,
          100,
          Map.of("BAD_CHECKSUM", 5L),
          forbidden == 0 ? List.of() : List.of("to the world: closed"));
    }
  }

  private static IntoEngine engine(String backend, double growth) {
    return new IntoEngine(
        backend,
        4_500_000,
        30,
        2_000_000,
        1_000_000,
        10_000,
        0,
        0,
        200,
        200 + growth,
        10,
        Map.of(),
        List.of(),
        List.of());
  }

  private static HostileResult result(Plan plan, Run run, double growth) {
    List<OverSockets> sockets = new ArrayList<>();
    plan.subjects().forEach(subject -> sockets.add(run.of(subject)));
    return new HostileResult(plan, sockets, List.of(engine("kernel", growth), engine("raw", 0.1)));
  }

  private static List<String> unmet(HostileResult result) {
    return result.report().goals().stream()
        .filter(goal -> goal.met() != Goal.Met.TRUE)
        .map(Judged::name)
        .toList();
  }

  @Test
  void aRunInWhichAllGoesWellIsGood() {
    HostileResult result = result(FULL, Run.GOOD, 0);
    assertThat(result.report().good()).as(result.text()).isTrue();
    assertThat(result.text()).contains("raw backend in slice mode", "28 of 28 goals met");
  }

  @Test
  void whatIsWrongIsSeen() {
    assertThat(unmet(result(FULL, new Run(900_000, 1, 0, 10, 0), 0)))
        .containsExactly("raw.datagrams", "slice.datagrams", "keyed.datagrams", "kernel.datagrams");
    assertThat(unmet(result(QUICK, new Run(300_000, 11, 1, 10, 2), 3)))
        .containsExactly(
            "raw.kept_percent", "raw.forbidden", "raw.exceptions", "engine.growth_mib");
    assertThat(result(QUICK, new Run(300_000, 0, 1, 10, 0), 0).text())
        .contains("raw: FORBIDDEN to the world: closed", "QUICK");
  }

  @Test
  void anOracleThatMissesWhatItHadToFindMakesTheRunInvalid() {
    HostileResult result = result(QUICK, new Run(300_000, 0, 0, 9, 0), 0);
    assertThat(unmet(result)).isEmpty();
    assertThat(result.report().good()).isFalse();
    assertThat(result.text()).contains("found 9 instead of 10 guilty");
  }

  @Test
  void aRecordedRunIsComputedAgainFromItsRawData() throws Exception {
    HostileResult result = result(FULL, Run.GOOD, 0);
    String json = result.write(directory, Map.of("a", 1));
    assertThat(HostileResult.of(Report.recorded(directory)).verify(Report.recorded(directory)))
        .isTrue();
    Files.writeString(
        directory.resolve(Report.FILE),
        json.replaceFirst("\"forbidden\" : 0", "\"forbidden\" : 1"));
    assertThat(HostileResult.of(Report.recorded(directory)).verify(Report.recorded(directory)))
        .as("raw data that was changed")
        .isFalse();
  }
}
