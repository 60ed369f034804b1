// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.restart;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import oasis.experiments.ExperimentProcess;
import oasis.lab.Lab;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The experiment as a user starts it, with one way of carrying. */
@Timeout(600)
class RestartIT {
  @TempDir Path directory;

  @BeforeEach
  void onlyWherePossible() {
    Lab.assumePossible();
  }

  @Test
  void noDownloadFailsWhenTheExitNodeIsReplaced() throws Exception {
    Path out = directory.resolve("result");
    List<String> one = List.of("run", "exit-restart", "--quick", "--json", "--out", out.toString());

    ExperimentProcess.Outcome run = ExperimentProcess.run(directory, one, "--ways", "raw");

    ExperimentProcess.assertNoNamespaces(run.pid());
    JsonNode values = Lab.json(run.out()).path("values");
    assertThat(values.path("raw-replaced.failed").path("1").asDouble(-1))
        .as(run.err())
        .isEqualTo(0);
    assertThat(values.path("raw-killed.left").path("1").asDouble(-1)).isEqualTo(0);
    assertThat(values.path("raw-restarted.failed").path("1").asDouble(-1))
        .isBetween(1.0, (double) Plan.BEGUN);
    ExperimentProcess.Outcome verified =
        ExperimentProcess.run(directory, List.of("verify", out.toString()));
    assertThat(verified.err()).doesNotContain("differs");
  }
}
