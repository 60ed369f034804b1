// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class KillCommandTest {
  private final StringWriter errors = new StringWriter();

  private int execute(String... args) {
    return new CommandLine(new KillCommand()).setErr(new PrintWriter(errors, true)).execute(args);
  }

  @Test
  void badOptionsAreRefusedByName() {
    assertThat(execute("--instants", "-1")).isEqualTo(2);
    assertThat(execute("--points", "idle,lunch")).isEqualTo(2);
    assertThat(errors.toString())
        .contains("--instants must be at least 0")
        .contains("no point \"lunch\"; there are start, start-device");
  }
}
