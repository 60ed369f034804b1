// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import oasis.experiments.measure.Span;
import oasis.experiments.result.Report;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultTest {
  private static final Span QUIET = new Span(2, 0, 0, 1, 1, 1);
  private static final Span LOUD = new Span(2, 500, 0, 1, 1, 1);

  @TempDir private Path directory;

  private static Visit visit(int round, String path, double mbit, Span span, String... problems) {
    List<Measurement> measurements = new ArrayList<>();
    for (Kind test : List.of(Kind.TCP_UP, Kind.TCP_DOWN)) {
      measurements.add(
          new Measurement(
              test, Mode.DEFAULT, span, Map.of("mbit", mbit), new TreeMap<>(), List.of()));
    }
    return new Visit(
        round, path, "2026-01-01T00:00:00Z", Map.of(), measurements, List.of(problems));
  }

  private static Result result(double ours, Span span, String... problems) {
    List<Visit> visits = new ArrayList<>();
    for (int round = 1; round <= 3; round++) {
      visits.add(visit(round, "quicktun", 100 + round, span, problems));
      visits.add(visit(round, "ours-mediated", ours + round, span));
    }
    return new Result(
        new Plan(
            false, 3, List.of("quicktun", "ours-mediated"), List.of(Mode.DEFAULT), 5, "17", null),
        visits,
        Map.of());
  }

  @Test
  void aRunIsGoodWhenItsGoalsAreMetAndItIsValid() {
    assertThat(result(2000, QUIET).report().good()).isTrue();
    assertThat(result(200, QUIET).report().good()).isFalse();
    assertThat(result(2000, LOUD).report().good()).isFalse();
    assertThat(result(2000, QUIET, "it failed").report().good()).isFalse();
  }

  @Test
  void aRecordedRunIsComputedAgainFromItsRawData() throws Exception {
    Files.writeString(directory.resolve(Report.FILE), result(700, QUIET).json(Map.of("a", 1)));
    Result again = Result.of(Report.recorded(directory));
    assertThat(again.report().sameAs(Report.recorded(directory))).isTrue();
    assertThat(again.report().good()).isTrue();
    assertThat(again.text()).contains("ours-mediated.tcp_up.default/quicktun", "2 of 2 goals");
  }

  @Test
  void anEmbellishedRecordIsFoundOut() throws Exception {
    String honest = result(400, QUIET).json(Map.of());
    Files.writeString(
        directory.resolve(Report.FILE), honest.replace("\"met\" : false", "\"met\" : true"));
    Result again = Result.of(Report.recorded(directory));
    assertThat(again.report().sameAs(Report.recorded(directory))).isFalse();
    assertThat(again.report().good()).isFalse();
  }

  @Test
  void tableCsvAndFigureHoldTheMedians() {
    Result result = result(2000, QUIET);
    assertThat(Table.of(result)).contains("quicktun", "102/102", "2,002/2,002");
    assertThat(result.csv()).contains("quicktun,tcp_up.default,3,103.0\n");
    assertThat(Figure.svg(result)).contains("2,002", "3 interleaved rounds");
  }
}
