// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import oasis.exit.daemon.FlowHistory.Answer;
import oasis.exit.daemon.FlowHistory.Match;
import oasis.exit.daemon.FlowLine.Event;
import oasis.exit.engine.ExitEffects.EndReason;
import oasis.exit.engine.FlowInfo;
import oasis.exit.engine.FlowRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who was behind a connection, out of what the log and the node say. */
class FlowHistoryTest {
  private static final OuterTuple ASKED = OuterTuple.parse("tcp 198.51.100.1:61000 203.0.113.9:80");
  private static final String ALICE = "192.0.2.1:40001";
  private static final String BOB = "192.0.2.2:40001";
  private static final String RAW = "198.51.100.1:61000";

  @TempDir Path directory;

  @Test
  void aFlowIsFoundWhileItLivedAndAroundThat() {
    FlowInfo flow = flow(ALICE);
    for (int asked : new int[] {4, 5, 10, 20, 21, 26}) {
      FlowHistory history = history(asked);
      history.add(FlowSamples.line(Event.BEGIN, 10, flow));
      history.add(FlowSamples.line(Event.END, 20, flow));
      boolean within = asked >= 5 && asked <= 25;
      assertThat(history.answers()).as("asked for %d", asked).hasSize(within ? 1 : 0);
      if (within) {
        Answer answer = history.answers().get(0);
        assertThat(answer.atTheTime()).isEqualTo(asked >= 10 && asked <= 20);
        assertThat(answer.match()).isEqualTo(Match.EXACT);
        assertThat(answer.how()).isEqualTo("closed");
        assertThat(answer.began()).isEqualTo(FlowSamples.NOON.plusSeconds(10));
        assertThat(answer.ended()).isEqualTo(FlowSamples.NOON.plusSeconds(20));
      }
    }
  }

  @Test
  void whoHadThePortBeforeAndAfterIsToldApart() {
    FlowHistory history = history(15);
    history.add(FlowSamples.line(Event.BEGIN, 0, flow(ALICE)));
    history.add(FlowSamples.line(Event.END, 14, flow(ALICE)));
    history.add(FlowSamples.line(Event.BEGIN, 15, flow(BOB)));
    history.add(FlowSamples.line(Event.END, 30, flow(BOB)));
    assertThat(history.answers())
        .extracting(each -> each.flow().client())
        .containsExactly(BOB, ALICE);
    assertThat(history.answers()).extracting(Answer::atTheTime).containsExactly(true, false);
  }

  @Test
  void aClientWithAKeyThatMovesHasOneFlow() {
    FlowHistory history = history(15);
    history.add(FlowSamples.line(Event.BEGIN, 0, keyed(ALICE, 0)));
    history.add(FlowSamples.line(Event.ALIVE, 5, keyed(BOB, 0)));
    history.add(FlowSamples.line(Event.END, 10, keyed(BOB, 0)));
    history.add(FlowSamples.line(Event.BEGIN, 14, flow("192.0.2.3:40001")));
    assertThat(history.answers())
        .extracting(each -> each.flow().client())
        .containsExactly("192.0.2.3:40001", BOB);
    history = history(1_000_000);
    history.add(FlowSamples.line(Event.BEGIN, 0, keyed(ALICE, 0)));
    history.add(FlowSamples.line(Event.END, 10, keyed(BOB, 0)));
    assertThat(history.answers()).as("days later").isEmpty();
  }

  @Test
  void whatIsMissingIsBounded() {
    FlowHistory history = history(30);
    history.add(FlowSamples.line(Event.BEGIN, 10, flow(ALICE)));
    history.add(new FlowLine(Event.START, FlowSamples.NOON.plusSeconds(40), null, "raw"));
    Answer crash = history.answers().get(0);
    assertThat(crash.how()).isEqualTo("crash");
    assertThat(crash.ended()).isEqualTo(FlowSamples.NOON.plusSeconds(40));

    history = history(30);
    history.add(FlowSamples.line(Event.BEGIN, 10, flow(ALICE)));
    assertThat(history.answers().get(0).how()).as("no end, no node").isEqualTo("unknown");
    history.add(FlowSamples.line(Event.BEGIN, 35, flow(ALICE)));
    assertThat(history.answers()).extracting(Answer::how).containsExactly("unknown", "unknown");

    history = history(30);
    history.add(FlowSamples.line(Event.END, 40, flow(ALICE, 25_000)));
    assertThat(history.answers().get(0).began())
        .as("of a flow whose begin is not in the log")
        .isEqualTo(FlowSamples.NOON.plusSeconds(15));
    history = history(30);
    history.add(FlowSamples.line(Event.ALIVE, 20, flow(ALICE, 15_000)));
    assertThat(history.answers().get(0).began()).isEqualTo(FlowSamples.NOON.plusSeconds(5));
  }

  @Test
  void theRunningNodeSaysWhatLives() {
    FlowHistory history = history(100);
    history.add(FlowSamples.line(Event.BEGIN, 10, flow(ALICE)));
    history.live(flow(ALICE, 91_000), FlowSamples.NOON.plusSeconds(101));
    assertThat(history.answers()).extracting(Answer::how).containsExactly("lives");
    assertThat(history.answers().get(0).began()).isEqualTo(FlowSamples.NOON.plusSeconds(10));

    history = history(100);
    history.add(FlowSamples.line(Event.BEGIN, 10, flow(ALICE)));
    history.add(FlowSamples.line(Event.END, 102, flow(ALICE)));
    history.live(flow(ALICE, 91_000), FlowSamples.NOON.plusSeconds(101));
    assertThat(history.answers()).as("it ended meanwhile").hasSize(1);

    history = history(100);
    history.live(flow(BOB, 50_000), FlowSamples.NOON.plusSeconds(101));
    assertThat(history.answers().get(0).began())
        .as("without a log")
        .isEqualTo(FlowSamples.NOON.plusSeconds(51));
  }

  @Test
  void theKernelKeepsThePortOfWhoeverHadItFirst() {
    FlowHistory history = history(15);
    FlowInfo alice = FlowSamples.info(ALICE, "192.168.1.7:61000", "100.64.0.2", 0);
    FlowInfo bob = FlowSamples.info(BOB, "192.168.1.7:61000", "100.64.0.3", 0);
    FlowInfo other = FlowSamples.info(BOB, "192.168.1.7:5000", "100.64.0.3", 0);
    history.add(FlowSamples.line(Event.BEGIN, 5, other));
    history.add(FlowSamples.line(Event.BEGIN, 10, alice));
    history.add(FlowSamples.line(Event.BEGIN, 12, bob));
    assertThat(history.answers()).hasSize(1);
    assertThat(history.answers().get(0).flow()).isEqualTo(alice);
    assertThat(history.answers().get(0).match()).isEqualTo(Match.LIKELY);

    history = history(15);
    history.add(FlowSamples.line(Event.BEGIN, 5, other));
    assertThat(history.answers()).as("it may have been moved").hasSize(1);
    assertThat(history.answers().get(0).match()).isEqualTo(Match.POSSIBLE);
  }

  @Test
  void aLogOfManyFilesIsReadInItsOrder() throws Exception {
    Path file = directory.resolve("flows");
    FlowRecord flow = FlowSamples.record("198.51.100.1", 61000, "203.0.113.9");
    FlowRecord noise = FlowSamples.record("198.51.100.1", 61001, "203.0.113.10");
    try (FlowLog log = new FlowLog(file, new FlowLogSettings(file, 4096, 9), Clock.systemUTC())) {
      log.started("raw");
      log.began(flow);
      for (int i = 0; i < 50; i++) {
        log.began(noise);
        log.ended(noise, EndReason.CLOSED);
      }
      log.ended(flow, EndReason.IDLE);
    }
    assertThat(directory.resolve("flows.3")).exists();
    Files.writeString(file, Files.readString(file) + "{\"event\":\"end\",\"ti"); // torn by a crash
    FlowHistory history =
        new FlowHistory(ASKED, Clock.systemUTC().instant(), Duration.ofSeconds(60));
    FlowLogReader reader = new FlowLogReader(ASKED, history);
    reader.read(file);
    assertThat(history.answers()).extracting(Answer::how).containsExactly("idle");
    assertThat(reader.unreadable()).isEqualTo(1);
    assertThat(history.first()).isNotNull();
  }

  private static FlowHistory history(int askedSecond) {
    return new FlowHistory(ASKED, FlowSamples.NOON.plusSeconds(askedSecond), Duration.ofSeconds(5));
  }

  private static FlowInfo flow(String client) {
    return flow(client, 0);
  }

  private static FlowInfo keyed(String client, long ageMs) {
    return FlowSamples.info(client, "192.168.1.7:5000", RAW, ageMs);
  }

  private static FlowInfo flow(String client, long ageMs) {
    return FlowSamples.keyless(keyed(client, ageMs));
  }
}
