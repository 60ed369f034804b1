// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import oasis.experiments.ExperimentProcess;
import oasis.experiments.result.Report;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A figure as a user starts it, cut down to seconds: it works, whatever the numbers are. */
@Timeout(600)
class FiguresIT {
  @TempDir Path directory;

  @BeforeEach
  void onlyWherePossible() {
    oasis.lab.Lab.assumePossible();
  }

  @Test
  void hostsAreComparedAndARunGoesOnWhereItWasBrokenOff() throws Exception {
    Path out = directory.resolve("result");
    List<String> short7 = List.of("run", "fig7", "--quick", "--json", "--out", out.toString());
    ExperimentProcess.Outcome run = ExperimentProcess.run(directory, short7, "--rounds", "1");
    ExperimentProcess.assertNoNamespaces(run.pid());
    assertThat(run.status()).as(run.err()).isEqualTo(1);
    JsonNode result = oasis.lab.Lab.json(run.out());
    for (Setup setup : Setup.values()) {
      double ms = result.path("values").path(setup.word() + ".ms").path("1").asDouble();
      assertThat(ms).as(setup.title()).isGreaterThan(100);
    }
    assertThat(result.path("invalid").toString()).contains("only 1 of 20 interleaved pairs");
    assertThat(result.path("paper").asText()).isEqualTo("added transfer time: median 0");
    assertThat(out.resolve("figure.svg")).content().contains("dummy overlay");

    // As if it had been killed while it wrote the last step.
    Path raw = out.resolve("raw.jsonl");
    List<String> steps = Files.readAllLines(raw);
    assertThat(steps).hasSize(10);
    Files.write(raw, steps.subList(0, 9));
    Files.delete(out.resolve(Report.FILE));
    ExperimentProcess.Outcome again =
        ExperimentProcess.run(directory, short7, "--rounds", "1", "--resume");
    assertThat(again.err()).contains("resumed: 9 measurements are there");
    assertThat(Files.readAllLines(raw)).hasSize(10).startsWith(steps.get(0));

    ExperimentProcess.Outcome verified =
        ExperimentProcess.run(directory, List.of("verify", out.toString()));
    assertThat(verified.status()).isEqualTo(1);
    assertThat(verified.out()).contains("dummy overlay", "INVALID: only 1 of 20");
    assertThat(verified.err()).doesNotContain("differs");
  }
}
