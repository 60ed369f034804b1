// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class FigureCommandTest {
  private final StringWriter errors = new StringWriter();

  private int execute(String... args) {
    return new CommandLine(new FigureCommand.Fig6())
        .setErr(new PrintWriter(errors, true))
        .execute(args);
  }

  @Test
  void badOptionsAreRefusedByName() {
    assertThat(execute("--rounds", "0")).isEqualTo(2);
    assertThat(execute("--quick", "--paper")).isEqualTo(2);
    assertThat(errors.toString())
        .contains("'--rounds': '0' is no number of at least 1")
        .contains("--quick and --paper exclude each other");
  }
}
