// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.names;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import oasis.experiments.ExperimentProcess;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.RawData;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The experiment as a user starts it, cut down to seconds: it works, whatever the numbers are. */
@Timeout(600)
class NamesIT {
  @TempDir Path directory;

  @BeforeEach
  void onlyWherePossible() {
    oasis.lab.Lab.assumePossible();
  }

  @Test
  void hostsWithUpToAHundredThousandRulesAnswerNamesThatMatchAndOthers() throws Exception {
    Path out = Files.createDirectories(directory.resolve("result"));
    Plan plan = Plan.of(true, 1, Machine.java(null)).withRounds(1);
    // The matcher alone takes a minute, and NameLookup is measured by hand.
    List<Step> done =
        NamesResultTest.steps(0, new double[Host.values().length], 0).stream()
            .filter(step -> Matching.PARTS.contains(step.part()))
            .toList();
    new RawData<>(out, Plan.class, Step.class).begin(plan, done);
    // Begun by this test, and gone on with by the program.
    Files.writeString(out.resolve("build"), "unpackaged");

    List<String> words = List.of("run", "dns", "--quick", "--json", "--out", out.toString());
    ExperimentProcess.Outcome run =
        ExperimentProcess.run(directory, words, "--rounds", "1", "--resume");
    ExperimentProcess.assertNoNamespaces(run.pid());
    assertThat(run.err()).contains("resumed: 12 measurements are there");
    assertThat(run.status()).as(run.err()).isEqualTo(1);
    JsonNode result = oasis.lab.Lab.json(run.out());
    assertThat(result.path("invalid").toString())
        .as(run.err())
        .contains("only 1 of 20 interleaved rounds");
    JsonNode values = result.path("values");
    for (Host host : Host.values()) {
      double ms = values.path(host.word() + ".ms").path("1").asDouble();
      assertThat(ms).as(host.title()).isGreaterThan(0);
    }
    assertThat(values.path("rules100000.lost").path("1").asDouble()).isZero();
    assertThat(values.path("rules100000.qps").path("1").asDouble()).isGreaterThan(100);
    assertThat(values.path("rules1.rss_mib").path("1").asDouble()).isGreaterThan(10);
  }
}
