// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

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

/** A few points of the matrix as a user starts it: nothing is left, nothing leaks. */
@Timeout(600)
class KillMatrixIT {
  @TempDir Path directory;

  @BeforeEach
  void onlyWherePossible() {
    Lab.assumePossible();
  }

  @Test
  void aClientThatIsKilledOnItsWayUpAtWorkOrOnItsWayDownLeavesAWorkingHost() throws Exception {
    Path out = directory.resolve("result");
    List<String> few =
        List.of("run", "kill-matrix", "--quick", "--json", "--points", "start-half,reload");
    ExperimentProcess.Outcome run =
        ExperimentProcess.run(
            directory, few, "--instants", "1", "--seed", "3", "--out", out.toString());
    ExperimentProcess.assertNoNamespaces(run.pid());
    JsonNode result = Lab.json(run.out());
    assertThat(result.path("invalid").toString()).isEqualTo("[]");
    assertThat(result.path("trials")).hasSize(4);
    int status = ExperimentProcess.assertGoals(run) ? 0 : 1;
    assertThat(run.status()).as(run.err()).isEqualTo(status);

    ExperimentProcess.Outcome verified =
        ExperimentProcess.run(directory, List.of("verify", out.toString()));
    assertThat(verified.status()).as(verified.err()).isEqualTo(status);
    assertThat(verified.out()).contains("reload: new rules in force");
  }
}
