// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.push;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import oasis.experiments.ExperimentProcess;
import oasis.lab.Lab;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The experiment as a user starts it, with two healthy nodes: all works, however fast. */
@Timeout(600)
class SlicePushIT {
  @TempDir Path directory;

  @BeforeEach
  void onlyWherePossible() {
    Lab.assumePossible();
  }

  @Test
  void healthyNodesRunAndTheOthersAreNamed() throws Exception {
    Path out = directory.resolve("r");
    List<String> words = List.of("run", "slice-push", "--quick", "--json", "--out", out.toString());

    ExperimentProcess.Outcome run = ExperimentProcess.run(directory, words, "--healthy", "2");

    ExperimentProcess.assertNoNamespaces(run.pid());
    ExperimentProcess.assertGoals(run);
    ExperimentProcess.Outcome verified =
        ExperimentProcess.run(directory, List.of("verify", out.toString()));
    assertThat(verified.err()).doesNotContain("differs");
  }
}
