// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class ThroughputCommandTest {
  private final StringWriter errors = new StringWriter();

  @BeforeEach
  void launcher() {
    System.setProperty("oasis.launcher", "../oasis");
  }

  @AfterEach
  void noLauncher() {
    System.clearProperty("oasis.launcher");
  }

  private int execute(String... args) {
    return new CommandLine(new ThroughputCommand())
        .setErr(new PrintWriter(errors, true))
        .execute(args);
  }

  @Test
  void badOptionsAreRefusedByName() {
    assertThat(execute("--rounds", "0")).isEqualTo(2);
    assertThat(execute("--paths", "direct,nonsense")).isEqualTo(2);
    assertThat(execute("--modes", "fast")).isEqualTo(2);
    assertThat(execute("--peer", "Not A Name=true")).isEqualTo(2);
    assertThat(errors.toString())
        .contains("'--rounds': '0' is no number of at least 1")
        .contains("no path is named 'nonsense': direct, vxlan, quicktun, ours, ours-raw")
        .contains("not 'fast'")
        .contains("'Not A Name' is no name");
  }
}
