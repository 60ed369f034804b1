// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.unmatched;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import oasis.experiments.measure.Span;
import oasis.experiments.result.Goal;
import oasis.experiments.result.Report;
import oasis.rules.Rule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnmatchedResultTest {
  private static final Plan PLAN = Plan.of(true, 1, "17");
  private static final Span QUIET = new Span(5, 0, 0, -1, -1, 1);

  @TempDir private Path directory;

  private static Round round(int number, double ratio, long tunPkts, boolean published, int many) {
    double up = 10_000 + 100 * (number % 3);
    return new Round(
        number,
        "2026-01-01T00:00:00Z",
        QUIET,
        List.of(
            new Round.Sample(Host.DIRECT, up, up, 50),
            new Round.Sample(Host.NULL, up * 1.01, up, 50),
            new Round.Sample(Host.LOADED, up * ratio, up * ratio, 50 / ratio)),
        tunPkts,
        published,
        new Round.Statements(30, many));
  }

  private static List<Round> rounds(int count, double ratio) {
    List<Round> rounds = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      // One pair in five is far off; the median does not care.
      rounds.add(round(i, i % 5 == 0 ? 0.5 : ratio, 0, true, 30));
    }
    return rounds;
  }

  private static List<String> unmet(List<Round> rounds) {
    return new UnmatchedResult(PLAN, rounds)
        .report().goals().stream()
            .filter(goal -> goal.met() != Goal.Met.TRUE)
            .map(goal -> goal.name())
            .toList();
  }

  @Test
  void theMedianOfThePairsDecides() {
    assertThat(new UnmatchedResult(PLAN, rounds(10, 0.97)).report().good()).isTrue();
    assertThat(unmet(rounds(10, 0.94)))
        .containsExactly("loaded.up_ratio", "loaded.down_ratio", "loaded.rtt_ratio");
  }

  @Test
  void theMediansIntervalIsSaid() {
    List<Round> rounds = new ArrayList<>();
    for (int i = 1; i <= 10; i++) {
      rounds.add(round(i, 0.9 + 0.01 * i, 0, true, 30));
    }
    assertThat(new UnmatchedResult(PLAN, rounds).text()).contains("0.955 (0.920 to 0.990)");
  }

  @Test
  void onePacketInTheTunOneStatementMoreOrOneMissedAnswerIsTooMuch() {
    List<Round> rounds = rounds(10, 1);
    rounds.set(3, round(4, 1, 1, true, 30));
    assertThat(unmet(rounds)).containsExactly("loaded.tun_packets");
    rounds.set(3, round(4, 1, 0, false, 30));
    assertThat(unmet(rounds)).containsExactly("loaded.published_percent");
    rounds.set(3, round(4, 1, 0, true, 31));
    assertThat(unmet(rounds)).containsExactly("loaded.more_statements");
  }

  @Test
  void fewPairsOrUnlikeTwinsMakeItInvalid() {
    assertThat(new UnmatchedResult(PLAN, rounds(9, 1)).text())
        .contains("INVALID: only 9 of 10 interleaved pairs");
    List<Round> rounds = new ArrayList<>();
    for (Round round : rounds(10, 1)) {
      List<Round.Sample> samples = new ArrayList<>(round.samples());
      samples.set(1, new Round.Sample(Host.NULL, 5_000, 10_000, 50));
      rounds.add(
          new Round(round.round(), round.startedAt(), QUIET, samples, 0, true, round.statements()));
    }
    assertThat(new UnmatchedResult(PLAN, rounds).text())
        .contains("INVALID: TCP up, Mbit/s: two hosts without a client differ");
  }

  @Test
  void aRecordedRunIsComputedAgainFromItsRawData() throws Exception {
    UnmatchedResult result = new UnmatchedResult(PLAN, rounds(10, 1));
    String json = result.write(directory, Map.of("a", 1));
    assertThat(UnmatchedResult.of(Report.recorded(directory)).verify(Report.recorded(directory)))
        .isTrue();
    assertThat(directory.resolve("figure.svg")).content().contains("rules that do not match");
    Files.writeString(
        directory.resolve(Report.FILE), json.replaceFirst("\"tunPkts\" : 0", "\"tunPkts\" : 7"));
    assertThat(UnmatchedResult.of(Report.recorded(directory)).verify(Report.recorded(directory)))
        .as("raw data that was changed")
        .isFalse();
  }

  @Test
  void theMiddleHalfOfThePingsIsFinerThanTheirUnit() {
    assertThat(Measuring.middle(new TreeMap<>(Map.of(10, 3, 20, 4, 9_000, 1)))).isEqualTo(17.5);
    assertThat(Measuring.middle(new TreeMap<>(Map.of(7, 1)))).isEqualTo(7);
  }

  @Test
  void theRulesAreDifferentAndRight() throws Exception {
    RuleFile.write(directory, "udp://192.0.2.1:4700", "198.51.100.6/32", 1_000, 1_000, 1);
    List<String> rules =
        Files.readAllLines(directory.resolve("client.xml")).stream()
            .filter(line -> line.contains("<rule>"))
            .map(line -> line.replaceAll(" *</?rule>", ""))
            .toList();
    assertThat(rules).hasSize(2_000).doesNotHaveDuplicates();
    for (String rule : rules) {
      assertThat(Rule.parse(rule).overlay()).isEqualTo("far");
    }
    assertThat(rules.get(0)).isEqualTo("dst 198.51.100.6/32 far");
  }
}
