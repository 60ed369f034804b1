// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.unmatched;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import oasis.experiments.ExperimentProcess;
import oasis.lab.Lab;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The experiment as a user starts it, cut down to one round: what is no measurement must hold. */
@Timeout(600)
class UnmatchedIT {
  @TempDir Path directory;

  @Test
  void nothingOfWhatNoRuleMatchesMeetsTheClient() throws Exception {
    Lab.assumePossible();
    Path out = directory.resolve("result");
    ExperimentProcess.Outcome run =
        ExperimentProcess.run(
            directory,
            List.of("run", "unmatched", "--quick", "--json", "--out", out.toString()),
            "--rounds",
            "1");
    ExperimentProcess.assertNoNamespaces(run.pid());
    assertThat(run.status()).as(run.err()).isEqualTo(1);
    JsonNode result = Lab.json(run.out());
    assertThat(result.path("invalid").toString())
        .as(run.err())
        .contains("only 1 of 10 interleaved pairs");
    JsonNode values = result.path("values");
    assertThat(values.path("loaded.up").path("1").asDouble()).isGreaterThan(1);
    assertThat(values.path("loaded.tun_packets").path("1").asLong(-1)).isZero();
    assertThat(values.path("loaded.more_statements").path("1").asLong(-1)).isZero();
    assertThat(values.path("loaded.statements").path("1").asLong(-1)).isPositive();
    assertThat(values.path("loaded.published_percent").path("1").asLong(-1)).isEqualTo(100);
  }
}
