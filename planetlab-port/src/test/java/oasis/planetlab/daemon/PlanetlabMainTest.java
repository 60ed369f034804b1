// SPDX-License-Identifier: Apache-2.0
package oasis.planetlab.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class PlanetlabMainTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... words) {
    CommandLine line = PlanetlabMain.commandLine();
    line.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    return line.execute(words);
  }

  @Test
  void theClientsQuestionsGoToThePortsSocket() {
    assertThat(run("status", "--help")).isZero();
    assertThat(out.toString()).contains("/run/oasis/planetlab.sock");
    assertThat(run("--help")).isZero();
    assertThat(out.toString()).contains("run", "status", "flows", "explain", "overlay", "rule");
  }

  @Test
  void aWrongOptionIsNamedOnOneLine() {
    assertThat(run("run", "--port", "0")).isEqualTo(2);
    assertThat(run("run", "--nat-ports", "9")).isEqualTo(2);
    assertThat(run("run", "--dns", "nobody")).isEqualTo(2);
    assertThat(run("run", "--mtu", "100")).isEqualTo(2);
    assertThat(err.toString().lines())
        .hasSize(4)
        .allMatch(line -> line.startsWith("oasis planetlab: "));
  }

  @ParameterizedTest
  @CsvSource({
    "--port, 61000, --port must not be one of --nat-ports",
    "--nat-ports, 9, '--nat-ports must be FIRST-LAST, from 1024 to 65535'",
    "--nat-ports, 1000-2000, '--nat-ports must be FIRST-LAST, from 1024 to 65535'",
    "--nat-ports, 62000-61000, '--nat-ports must be FIRST-LAST, from 1024 to 65535'",
    "--nat-ports, 65000-70000, '--nat-ports must be FIRST-LAST, from 1024 to 65535'",
    "--mtu, 100000, --mtu must be 576 to 9000",
    "--dns, 127.0.0.53, --dns: 127.0.0.53 is not reached by packets",
    "--dns, fe80::1, --dns: fe80::1 is not reached by packets",
  })
  void aValueThatCannotBeIsExplained(String option, String value, String why) {
    assertThat(run("run", option, value)).isEqualTo(2);
    assertThat(err.toString()).startsWith("oasis planetlab: " + why).hasLineCount(1);
  }
}
