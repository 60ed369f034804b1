// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.List;
import oasis.exit.engine.ExitEffects.EndReason;
import oasis.exit.engine.FlowRecord;
import oasis.testkit.NoAllocation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlowLogTest {
  private static final Clock NOON = Clock.fixed(FlowSamples.NOON, ZoneOffset.UTC);
  private static final FlowRecord FLOW = FlowSamples.record("198.51.100.1", 61000, "203.0.113.9");

  @TempDir Path directory;

  @Test
  void aFlowHasALineForItsBeginAndOneForItsEnd() throws IOException {
    Path file = directory.resolve("flows");
    try (FlowLog log = log(file, 1 << 20, 4)) {
      log.started("raw");
      log.began(FLOW);
      log.alive(FLOW);
      log.ended(FLOW, EndReason.CLOSED);
    }
    List<String> lines = Files.readAllLines(file);
    assertThat(lines).hasSize(4);
    assertThat(lines.get(0))
        .isEqualTo(
            "{\"event\":\"start\",\"time\":\"2026-01-02T12:00:00.000Z\",\"backend\":\"raw\"}");
    assertThat(lines.get(1)).startsWith("{\"event\":\"begin\",");
    assertThat(lines.get(2)).startsWith("{\"event\":\"alive\",");
    assertThat(lines.get(3))
        .startsWith("{\"event\":\"end\",\"time\":\"2026-01-02T12:00:00.000Z\",\"began\":\"2026-01-")
        .endsWith(
            "\"protocol\":\"tcp\",\"client\":\"192.0.2.1:40001\",\"key\":7,\"source\":\"192.168.1.7:5000\","
                + "\"mapped\":\"198.51.100.1:61000\",\"destination\":\"203.0.113.9:80\","
                + "\"state\":\"established\",\"outPkts\":7,\"outBytes\":700,\"inPkts\":8,"
                + "\"inBytes\":800,\"end\":\"closed\"}");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void filesAreRotatedBySizeAndOldOnesGo() throws IOException {
    Path file = directory.resolve("flows");
    for (int kept : new int[] {4, 1, 0}) {
      try (FlowLog log = log(file, 5000, kept)) {
        for (int i = 0; i < 100; i++) {
          log.ended(FLOW, EndReason.IDLE);
        }
      }
      try (var files = Files.list(directory)) {
        assertThat(files).hasSize(kept + 1).allMatch(each -> each.toFile().length() <= 5000);
      }
    }
  }

  @Test
  void anExistingFileIsContinuedAndATornLineSpoilsNoOther() throws IOException {
    Path file = Files.writeString(directory.resolve("flows"), "torn");
    try (FlowLog log = log(file, 1 << 20, 4)) {
      log.began(FLOW);
    }
    assertThat(Files.readAllLines(file)).hasSize(2).first().isEqualTo("torn");
  }

  @Test
  void afterAReloadItGoesOnInAFileOfItsName() throws Exception {
    Path file = directory.resolve("flows");
    try (FlowLog log = log(file, 1 << 20, 4)) {
      log.began(FLOW);
      awaitTrue(() -> Files.size(file) > 0);
      Files.move(file, directory.resolve("moved"));
      log.reload(new FlowLogSettings(file, 1 << 20, 1));
      awaitTrue(() -> Files.exists(file));
      log.ended(FLOW, EndReason.CLOSED);
    }
    assertThat(Files.readAllLines(directory.resolve("moved"))).hasSize(1);
    assertThat(Files.readAllLines(file)).hasSize(1);
  }

  @Test
  void whatComesAfterTheEndIsCounted() throws IOException {
    FlowLog log = log(directory.resolve("flows"), 1 << 20, 4);
    log.close();
    log.ended(FLOW, EndReason.STOPPED);
    assertThat(log.lost()).isEqualTo(1);
  }

  @Test
  void whatDoesNotFitIsCountedAndTheLogSaysSo() throws Exception {
    Path file = directory.resolve("flows");
    long lost;
    try (FlowLog log = log(file, 100 << 20, 4)) {
      for (int i = 0; i < 100_000; i++) {
        log.began(FLOW);
      }
      lost = log.lost();
      awaitTrue(() -> log.written() == 100_000 - log.lost());
      log.began(FLOW);
    }
    long said =
        Files.readAllLines(file).stream()
            .filter(line -> line.startsWith("{\"event\":\"lost\""))
            .mapToLong(line -> Long.parseLong(line.replaceAll(".*:|}", "")))
            .sum();
    assertThat(said).isEqualTo(lost);
  }

  @Test
  void theDataLoopAllocatesNothing() throws IOException {
    try (FlowLog log = log(directory.resolve("flows"), 100 << 20, 4)) {
      NoAllocation.check(1000, () -> log.began(FLOW));
    }
  }

  private static FlowLog log(Path file, long bytes, int kept) throws IOException {
    return new FlowLog(file, new FlowLogSettings(file, Math.max(bytes, 4096), kept), NOON);
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void awaitTrue(Condition condition) throws Exception {
    for (int i = 0; i < 500 && !condition.holds(); i++) {
      Thread.sleep(10);
    }
    assertThat(condition.holds()).isTrue();
  }
}
