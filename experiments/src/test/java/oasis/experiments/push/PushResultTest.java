// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.push;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import oasis.experiments.measure.Span;
import oasis.experiments.push.Pushed.Entry;
import oasis.experiments.push.Step.Fetched;
import oasis.experiments.push.Step.Seen;
import oasis.experiments.result.Goal;
import oasis.experiments.result.Judged;
import oasis.experiments.result.Report;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PushResultTest {
  private static final Plan PLAN = new Plan(true, 1, 2, 1, "17");
  private static final List<Fetched> FETCHED =
      List.of(
          new Fetched("n06", "198.51.100.22", "198.51.100.22", true),
          new Fetched("n07", "198.51.100.26", "198.51.100.26", true),
          new Fetched("", "192.0.2.130", "192.0.2.130", true));

  @TempDir private Path directory;

  private static Entry entry(String name, String result, String release, long bytes, String text) {
    boolean good = !result.equals("FAILED");
    return new Entry(
        name, result, good, "raw", release, 7L, bytes, bytes, 1L, Map.of("start", 900L), text);
  }

  /** A call about the two healthy nodes. */
  private static Pushed call(int status, String result, String release, long bytes) {
    return new Pushed(
        status,
        9,
        1000,
        List.of(
            entry("n06", result, release, bytes, ""), entry("n07", result, release, bytes, "")));
  }

  private static List<Seen> nodes(double slowestS) {
    List<Seen> nodes = new ArrayList<>();
    for (int i = 0; i < Plan.BROKEN.size(); i++) {
      nodes.add(new Seen("n0" + (i + 1), Plan.BROKEN.get(i), true, Step.NEVER, false));
    }
    nodes.add(new Seen("n06", Fault.NONE, true, 5, true));
    nodes.add(new Seen("n07", Fault.NONE, false, slowestS, slowestS >= 0));
    return nodes;
  }

  private static final List<Step.Held> HELD =
      List.of(
          new Step.Held("n06", true, 50_000_000, null),
          new Step.Held("n07", true, 50_000_000, null));

  private static Pushed first() {
    List<Entry> entries = new ArrayList<>(call(1, "running", "aa", 100).nodes());
    for (int i = 0; i < Plan.BROKEN.size(); i++) {
      String why = "probe: " + Plan.BROKEN.get(i).words() + " 4 s";
      entries.add(entry("n0" + (i + 1), "FAILED", "", 0, why));
    }
    return new Pushed(1, 21, 2000, entries);
  }

  private static Step step(Pushed first, Pushed second, double slowestS, List<Fetched> fetched) {
    return new Step(
        1,
        "now",
        new Span(20, 0, 0, -1, -1, 1),
        nodes(slowestS),
        first,
        second,
        call(0, "running", "bb", 5),
        call(0, "running", "aa", 0),
        call(0, "stopped", "", 0),
        fetched,
        HELD,
        List.of(),
        List.of());
  }

  private static Step good() {
    return step(first(), call(0, "unchanged", "aa", 0), 12.5, FETCHED);
  }

  private static List<String> unmet(Step step) {
    return new PushResult(PLAN, List.of(step))
        .report().goals().stream()
            .filter(goal -> goal.met() != Goal.Met.TRUE)
            .map(Judged::name)
            .toList();
  }

  private static Pushed changed(Pushed push, int status, UnaryOperator<Entry> change) {
    return new Pushed(
        status, push.seconds(), push.wireBytes(), push.nodes().stream().map(change).toList());
  }

  @Test
  void aRunInWhichAllGoesWellIsGood() {
    PushResult result = new PushResult(PLAN, List.of(good()));

    assertThat(result.report().good()).as(result.text()).isTrue();
    assertThat(result.text()).contains("11 of 11 goals met", "hangs", "the server saw 192.0.2.130");
    assertThat(result.svg()).contains("first push");
  }

  @Test
  void aHealthyNodeThatIsLateOrMuteIsNotMet() {
    assertThat(unmet(step(first(), call(0, "unchanged", "aa", 0), 61, FETCHED)))
        .containsExactly("healthy.slowest_s");
    assertThat(unmet(step(first(), call(0, "unchanged", "aa", 0), Step.NEVER, FETCHED)))
        .containsExactly("healthy.running_percent", "healthy.slowest_s");
  }

  @Test
  void aBrokenNodeWithTheReasonOfAnotherIsNotNamed() {
    Pushed wrong =
        changed(
            first(),
            1,
            entry ->
                entry.node().equals("n03")
                    ? entry("n03", "FAILED", "", 0, "probe: hangs: no end within 20 s")
                    : entry);
    assertThat(unmet(step(wrong, call(0, "unchanged", "aa", 0), 12, FETCHED)))
        .containsExactly("broken.named_percent");
  }

  @Test
  void anExitStatusThatHidesAFailureIsNotHonest() {
    Pushed hidden = changed(first(), 0, entry -> entry);
    assertThat(unmet(step(hidden, call(0, "unchanged", "aa", 0), 12, FETCHED)))
        .containsExactly("script.honest_percent");
  }

  @Test
  void aSecondPushThatCopiesOrStartsAgainIsNotMet() {
    assertThat(unmet(step(first(), call(0, "unchanged", "aa", 1), 12, FETCHED)))
        .containsExactly("second.copied_bytes");
    Pushed again =
        changed(
            call(0, "running", "aa", 0),
            0,
            e ->
                new Entry(
                    e.node(), e.result(), true, "", "aa", 8L, 0L, 0L, 1L, Map.of(), e.text()));
    assertThat(unmet(step(first(), again, 12, FETCHED))).containsExactly("second.restarted");
  }

  @Test
  void aDownloadByAnotherWayDoesNotCountAndWithoutTheDirectOneNothingIsValid() {
    List<Fetched> direct = List.of(FETCHED.get(0), FETCHED.get(2));
    Fetched fellBack = new Fetched("n07", "198.51.100.26", "192.0.2.130", true);
    List<Fetched> other = List.of(FETCHED.get(0), fellBack, FETCHED.get(2));
    assertThat(unmet(step(first(), call(0, "unchanged", "aa", 0), 12, direct))).isEmpty();
    assertThat(unmet(step(first(), call(0, "unchanged", "aa", 0), 12, other)))
        .containsExactly("client.fetched_percent");
    Step none = step(first(), call(0, "unchanged", "aa", 0), 12, FETCHED.subList(0, 2));
    assertThat(new PushResult(PLAN, List.of(none)).text())
        .contains("INVALID: round 1: the direct download did not work");
  }

  @Test
  void aRecordedRunIsComputedAgainFromItsRawData() throws Exception {
    PushResult result = new PushResult(PLAN, List.of(good()));
    String json = result.write(directory, Map.of("a", 1));
    assertThat(PushResult.of(Report.recorded(directory)).verify(Report.recorded(directory)))
        .isTrue();
    assertThat(directory.resolve("values.csv")).content().contains("healthy,slowest_s,1,12.5\n");

    Files.writeString(directory.resolve(Report.FILE), json.replaceFirst(": 12\\.5", ": 11.5"));
    assertThat(PushResult.of(Report.recorded(directory)).verify(Report.recorded(directory)))
        .as("raw data that was changed")
        .isFalse();
  }
}
