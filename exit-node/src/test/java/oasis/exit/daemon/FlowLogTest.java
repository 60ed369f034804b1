// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import oasis.exit.engine.ExitEffects.EndReason;
import oasis.exit.engine.FlowInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlowLogTest {
  private static final Clock NOON =
      Clock.fixed(Instant.parse("2026-01-02T12:00:00Z"), ZoneOffset.UTC);
  private static final FlowInfo FLOW =
      new FlowInfo(
          "tcp",
          "192.0.2.1:40001",
          "192.168.1.7:5000",
          "100.64.3.4",
          "203.0.113.9:80",
          "closed",
          1500,
          7,
          700,
          8,
          800);

  @TempDir Path directory;

  @Test
  void aFlowIsOneLine() throws IOException {
    Path file = directory.resolve("flows");
    try (FlowLog log = new FlowLog(file, 1 << 20, NOON)) {
      log.add(FLOW, EndReason.CLOSED);
    }
    assertThat(file)
        .hasContent(
            "2026-01-02T12:00:00Z began=2026-01-02T11:59:58.500Z protocol=tcp"
                + " client=192.0.2.1:40001 source=192.168.1.7:5000 mapped=100.64.3.4"
                + " destination=203.0.113.9:80 out-pkts=7 out-bytes=700 in-pkts=8 in-bytes=800"
                + " end=closed");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void filesAreRotatedBySizeAndOldOnesGo() throws IOException {
    Path file = directory.resolve("flows");
    int lines = 40;
    try (FlowLog log = new FlowLog(file, 1000, NOON)) {
      for (int i = 0; i < lines; i++) {
        log.add(FLOW, EndReason.IDLE);
      }
    }
    try (var files = Files.list(directory)) {
      assertThat(files).hasSize(FlowLog.KEPT + 1).allMatch(each -> each.toFile().length() <= 1000);
    }
  }

  @Test
  void anExistingFileIsContinued() throws IOException {
    Path file = Files.writeString(directory.resolve("flows"), "before\n");
    new FlowLog(file, 1 << 20, NOON).close();
    assertThat(file).hasContent("before");
  }

  @Test
  void whatComesAfterTheEndIsCounted() throws IOException {
    FlowLog log = new FlowLog(directory.resolve("flows"), 1 << 20, NOON);
    log.close();
    log.add(FLOW, EndReason.STOPPED);
    assertThat(log.lost()).isEqualTo(1);
  }
}
