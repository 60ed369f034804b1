// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import oasis.lab.Daemons;
import oasis.lab.Lab;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code oasis emulate} as a user starts and ends it. */
@Timeout(300)
class EmulateIT {
  private static final int TERMINATED = 128 + 15;

  @TempDir Path directory;

  @BeforeEach
  void onlyWherePossible() {
    Lab.assumePossible();
  }

  @Test
  void whoEndsANetworkThatIsKeptGetsItsResult() throws Exception {
    Process process = start("--keep", "--lateness", "1s", "--run", "alice:ping -c 1 10.0.1.2");
    try {
      Lab.await("the answer", () -> text("out").contains("1 received"));
      process.destroy();
      assertThat(process.waitFor(1, TimeUnit.MINUTES)).as("it ends").isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).as(text("err")).isEqualTo(TERMINATED);
    JsonNode result = Lab.json(text("result/result.json"));
    assertThat(result.path("valid").asBoolean()).as("%s", result).isTrue();
    assertThat(result.path("programs").path(0).path("status").asInt(-1)).isZero();
    assertThat(result.path("links").path("packets").asInt()).isGreaterThanOrEqualTo(2);
    ExperimentProcess.assertNoNamespaces(process.pid());
  }

  @Test
  void theReasonOfABadRunIsOnStandardErrorThoughTheResultIsJson() throws Exception {
    Process process = start("--json", "--lateness", "1s", "--run", "bob:exit 3");
    try {
      assertThat(process.waitFor(1, TimeUnit.MINUTES)).as("it ends").isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).isEqualTo(1);
    assertThat(Lab.json(text("out")).path("valid").asBoolean()).isTrue();
    assertThat(text("err")).contains("oasis emulate: bob: exit 3: exit status 3, see ");
  }

  private Process start(String... options) throws Exception {
    List<String> argv = new ArrayList<>(List.of(Daemons.script().toString(), "emulate"));
    argv.add(Path.of("..", "docs", "examples", "two-hosts.xml").toString());
    argv.addAll(List.of("--out", directory.resolve("result").toString()));
    argv.addAll(List.of(options));
    return new ProcessBuilder(argv)
        .redirectOutput(directory.resolve("out").toFile())
        .redirectError(directory.resolve("err").toFile())
        .start();
  }

  private String text(String file) throws Exception {
    return Files.readString(directory.resolve(file));
  }
}
