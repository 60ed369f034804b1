// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

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

/** The experiment as a user starts it, with few datagrams: nothing forbidden leaves. */
@Timeout(600)
class HostileIT {
  @TempDir Path directory;

  @BeforeEach
  void onlyWherePossible() {
    Lab.assumePossible();
  }

  @Test
  void nothingForbiddenLeavesAndTheOracleWouldHaveNoticed() throws Exception {
    Path out = directory.resolve("result");
    List<String> few = List.of("run", "exit-hostile", "--quick", "--json", "--out", out.toString());

    ExperimentProcess.Outcome run =
        ExperimentProcess.run(
            directory,
            few,
            "--subjects",
            "keyed,kernel",
            "--datagrams",
            "60000",
            "--engine-datagrams",
            "100000");

    ExperimentProcess.assertNoNamespaces(run.pid());
    JsonNode result = Lab.json(run.out());
    for (String who : List.of("keyed", "kernel", "engine")) {
      for (String value : List.of("forbidden", "exceptions")) {
        assertThat(result.path("values").path(who + "." + value).path("1").asDouble(-1))
            .as("%s of %s%n%s%n%s", value, who, run.err(), run.out())
            .isZero();
      }
    }
    for (JsonNode one : result.path("sockets")) {
      assertThat(one.path("explained").asLong()).isGreaterThan(3_000);
      assertThat(one.path("aliveAfter").asBoolean()).isTrue();
    }
    assertThat(result.path("invalid").toString()).doesNotContain("guilty", "lost packets");
    ExperimentProcess.Outcome verified =
        ExperimentProcess.run(directory, List.of("verify", out.toString()));
    assertThat(verified.err()).doesNotContain("differs");
  }
}
