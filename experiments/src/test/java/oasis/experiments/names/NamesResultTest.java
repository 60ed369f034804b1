// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.names;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import oasis.experiments.measure.Span;
import oasis.experiments.result.Goal;
import oasis.experiments.result.Judged;
import oasis.experiments.result.Report;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class NamesResultTest {
  private static final Span QUIET = new Span(1, 0, 0, -1, -1, 1);
  private static final Plan PLAN = Plan.of(true, 1, "17");

  @TempDir private Path directory;

  private static Step step(Step.Part part, int round, Sample... samples) {
    return new Step(part, round, "2026-01-01T00:00:00Z", QUIET, List.of(samples));
  }

  private static Sample sample(Host host, String name, Double... numbers) {
    return new Sample(host, Map.of(name, List.of(numbers)));
  }

  /** Look-ups of 0.2 ms, with what each host adds; and everything else as good as can be. */
  static List<Step> steps(int rounds, double[] addedMs, double lost) {
    List<Step> steps = new ArrayList<>();
    List<Host> hosts = Host.byRules();
    for (int i = 0; i < hosts.size(); i++) {
      Sample matcher =
          new Sample(
              hosts.get(i),
              Map.of(
                  Matching.NS, List.of(1_900.0, 2_000.0), Matching.HEAP_MIB, List.of(99.0, 99.0)));
      steps.add(step(Step.Part.MATCHER, i + 1, matcher));
      steps.add(step(Step.Part.EXPRESSIONS, i + 1, sample(hosts.get(i), Matching.NS, 1.7e7)));
      steps.add(step(Step.Part.BUILD, i + 1, sample(hosts.get(i), Matching.NS, 1.2e9)));
    }
    for (int round = 1; round <= rounds; round++) {
      List<Sample> samples = new ArrayList<>();
      for (Host host : Plan.order(round)) {
        double ms = 0.2 + round * 0.001 + addedMs[host.ordinal()];
        samples.add(sample(host, Digs.MS, ms - 0.1, ms, ms + 7));
      }
      steps.add(step(Step.Part.LOOKUPS, round, samples.toArray(Sample[]::new)));
    }
    for (int round = 1; round <= 2; round++) {
      Sample[] samples =
          Plan.loadOrder(round).stream()
              .map(
                  host ->
                      new Sample(
                          host,
                          Map.of(DnsPerf.QPS, List.of(30_000.0), DnsPerf.LOST, List.of(lost))))
              .toArray(Sample[]::new);
      steps.add(step(Step.Part.LOAD, round, samples));
    }
    steps.add(step(Step.Part.MEMORY, 1, sample(Host.RULES1, Metrics.RSS_MIB, 95.0)));
    return steps;
  }

  private static double[] added(double each, double most) {
    double[] added = new double[Host.values().length];
    Arrays.fill(added, Host.RULES1.ordinal(), added.length, each);
    added[Host.RULES100000.ordinal()] = most;
    return added;
  }

  private static List<String> unmet(NamesResult result) {
    return result.report().goals().stream()
        .filter(goal -> goal.met() != Goal.Met.TRUE)
        .map(Judged::name)
        .toList();
  }

  @Test
  void lookUpsAreComparedWithTheDirectOnesOfTheirRoundAndWithThoseOfOneRule() {
    NamesResult good = new NamesResult(PLAN, steps(20, added(0.1, 0.12), 0));
    assertThat(unmet(good)).isEmpty();
    assertThat(good.report().good()).isTrue();
    assertThat(good.text())
        .contains("+0.100", "+0.120", "30,000", "1.95", "17,000.0", "1.20", "paper: 100 rules");
    assertThat(good.svg()).contains("paper: 2 ms", "end to end");
    assertThat(unmet(new NamesResult(PLAN, steps(20, added(0.1, 0.2), 0))))
        .containsExactly("rules100000.ms/rules1");
    assertThat(unmet(new NamesResult(PLAN, steps(20, added(0.1, 0.31), 0))))
        .containsExactly("rules100000.added_ms", "rules100000.ms/rules1");
  }

  @Test
  void oneQueryLostIsTooMuch() {
    assertThat(unmet(new NamesResult(PLAN, steps(20, added(0.1, 0.1), 1))))
        .containsExactly("rules1.lost", "rules100000.lost");
  }

  @Test
  void tooFewRoundsProveNothing() {
    NamesResult result = new NamesResult(PLAN.withRounds(19), steps(19, added(0.1, 0.1), 0));
    assertThat(result.report().good()).isFalse();
    assertThat(result.text()).contains("INVALID: only 19 of 20 interleaved rounds");
  }

  @Test
  void aRecordedRunIsComputedAgainFromItsRawData() throws Exception {
    NamesResult result = new NamesResult(PLAN, steps(20, added(0.1, 0.1), 0));
    String json = result.write(directory, Map.of("a", 1));
    assertThat(NamesResult.of(Report.recorded(directory)).verify(Report.recorded(directory)))
        .isTrue();
    assertThat(directory.resolve("values.csv")).content().contains("rules100000,lookup_us,1,1.9\n");
    Files.writeString(
        directory.resolve(Report.FILE), json.replaceFirst("\\[ 30000.0 \\]", "[ 40000.0 ]"));
    assertThat(NamesResult.of(Report.recorded(directory)).verify(Report.recorded(directory)))
        .as("raw data that was changed")
        .isFalse();
  }

  @Test
  void badOptionsAreRefusedByName() {
    StringWriter errors = new StringWriter();
    CommandLine line = new CommandLine(new NamesCommand()).setErr(new PrintWriter(errors, true));
    assertThat(line.execute("--rounds", "0")).isEqualTo(2);
    assertThat(line.execute("--quick", "--paper")).isEqualTo(2);
    assertThat(errors.toString())
        .contains("'--rounds': '0' is no number of at least 1")
        .contains("--quick and --paper exclude each other");
  }
}
