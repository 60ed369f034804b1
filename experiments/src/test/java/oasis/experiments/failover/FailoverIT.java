// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.failover;

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

/** The experiment as a user starts it, one round of it: it works, whatever the numbers are. */
@Timeout(600)
class FailoverIT {
  @TempDir Path directory;

  @BeforeEach
  void onlyWherePossible() {
    Lab.assumePossible();
  }

  @Test
  void bothFailuresAreMeasured() throws Exception {
    Path out = directory.resolve("result");
    List<String> one = List.of("run", "failover", "--quick", "--json", "--out", out.toString());

    ExperimentProcess.Outcome run = ExperimentProcess.run(directory, one, "--rounds", "1");

    ExperimentProcess.assertNoNamespaces(run.pid());
    JsonNode values = Lab.json(run.out()).path("values");
    for (Failure failure : Failure.values()) {
      String who = failure.word();
      assertThat(values.path(who + ".retried_percent").path("1").asDouble())
          .as("%s%n%s", failure.title(), run.err())
          .isEqualTo(100);
      assertThat(values.path(who + ".reset_max_s").path("1").asDouble()).isBetween(0.0, 10.0);
      assertThat(values.path(who + ".new_p95_s").path("1").asDouble()).isBetween(0.02, 10.0);
    }
    assertThat(out.resolve("figure.svg")).content().contains("hole: download reset");
    ExperimentProcess.Outcome verified =
        ExperimentProcess.run(directory, List.of("verify", out.toString()));
    assertThat(verified.err()).doesNotContain("differs");
    assertThat(verified.out()).contains("entry node killed");
  }
}
