// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import oasis.experiments.ExperimentProcess;
import oasis.experiments.result.Report;
import oasis.os.linux.LinuxCommandRunner;
import oasis.os.linux.Netns;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The experiment as a user starts it, cut down to seconds: it works, whatever the figures are. */
@Timeout(600)
class ThroughputIT {
  @TempDir Path directory;

  @BeforeEach
  void onlyWherePossible() {
    oasis.lab.Lab.assumePossible();
  }

  @Test
  void pathsAreMeasuredSideBySideAndComputedAgain() throws Exception {
    String out = directory.resolve("result").toString();
    String settings = "run throughput --quick --seconds 1 --modes wire --no-install --json";
    List<String> args = new ArrayList<>(List.of(settings.split(" ", -1)));
    args.addAll(List.of("--paths", "vxlan,ours-raw,broken", "--out", out));
    args.addAll(List.of("--peer", "broken=sh -c 'echo no such tunnel; exit 3'"));
    ExperimentProcess.Outcome run = ExperimentProcess.run(directory, args);
    ExperimentProcess.assertNoNamespaces(run.pid());
    assertThat(run.status()).as(run.err()).isEqualTo(1);

    JsonNode result = oasis.lab.Lab.json(run.out());
    for (String value :
        List.of("vxlan.tcp_up.wire", "ours-raw.tcp_down.wire", "ours-raw.rss_exit")) {
      assertThat(result.path("values").path(value).path("1").asDouble()).as(value).isPositive();
    }
    assertThat(result.path("valid").asBoolean()).isFalse();
    assertThat(result.path("invalid").get(0).asText())
        .startsWith("round 1, broken: ")
        .endsWith("no such tunnel");
    assertThat(result.path("manifest").path("paths").path("ours-raw").asText())
        .contains("--backend raw");

    ExperimentProcess.Outcome verified = ExperimentProcess.run(directory, List.of("verify", out));
    assertThat(verified.status()).isEqualTo(1);
    assertThat(verified.out()).contains("ours-raw", "INVALID: round 1, broken");
    assertThat(verified.err()).doesNotContain("differs");
  }

  @Test
  void anEndedRunLeavesNothing() throws Exception {
    Process process =
        ExperimentProcess.start(
            directory,
            List.of("run", "throughput", "--quick", "--paths", "vxlan", "--out", directory + "/r"));
    oasis.lab.Lab.await(
        "it has begun",
        () ->
            Netns.list(new LinuxCommandRunner()).stream()
                .anyMatch(name -> name.startsWith("oas-" + process.pid())));
    process.destroy();
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).as("it ends").isTrue();
    ExperimentProcess.assertNoNamespaces(process.pid());
    assertThat(directory.resolve("r").resolve(Report.FILE)).doesNotExist();
  }
}
