// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import oasis.io.Endpoint;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ExitMainTest {
  @TempDir Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void errorsAreOneLineThatSaysWhatToDo() {
    String socket = directory.resolve("none.sock").toString();
    assertThat(run("status", "--control", socket)).isEqualTo(1);
    assertThat(err.toString()).isEqualTo("oasis exit: no exit is running at " + socket + "\n");
    assertError(1, "--allow PREFIX", "run");
    assertError(1, "--open lets everybody in", "run", "--open", "--allow", "192.0.2.0/24");
    assertError(1, "--allow: ", "run", "--allow", "192.0.2.1/24");
    assertError(1, "mtu must be 576", "run", "--allow", "192.0.2.0/24", "--mtu", "100");
    assertError(1, "max-flows must be 1", "run", "--allow", "192.0.2.0/24", "--max-flows", "0");
    assertError(1, "--listen takes", "run", "--allow", "192.0.2.0/24", "--listen", "x:y");
    assertError(1, "--backend takes auto, kernel, raw", "run", "--open", "--backend", "x");
    assertError(1, "--send takes", "run", "--open", "--send", "x");
    assertError(1, "--silence takes", "run", "--open", "--silence", "x");
    assertError(1, "--ports takes", "run", "--open", "--ports", "61000");
    assertError(1, "ports must be", "run", "--open", "--ports", "61001-61000");
    assertError(1, "lies in --ports", "run", "--open", "--listen", "61000");
    assertError(1, "one address of each", "run", "--open", "--address", "::2", "--address", "::3");
    assertError(1, "no flow can leave", "run", "--open", "--address", "127.0.0.1");
    assertError(1, "pool6 must be", "run", "--open", "--pool6", "10.0.0.0/8");
    assertError(1, "--log takes", "run", "--log", "loud");
    assertError(2, "--mtu", "run", "--mtu", "big");
    assertError(2, "run, status, flows or cleanup");
    assertError(2, "frobnicate", "frobnicate");
  }

  @Test
  void everyCommandHasHelp() {
    for (String command : new String[] {"run", "status", "flows", "cleanup"}) {
      assertThat(run(command, "--help")).isZero();
    }
    assertThat(out.toString())
        .contains("--allow-destination", "--backend", "--ports", "--flow-log", "--json");
  }

  @Test
  void listenTakesAPortOrAnAddressAndAPort() {
    assertThat(RunCommand.endpoint("4700")).as("both families").isEqualTo(Endpoint.anyIpv6(4700));
    assertThat(RunCommand.endpoint("192.0.2.1:5")).isEqualTo(Endpoint.ipv4(192, 0, 2, 1, 5));
    assertThat(RunCommand.endpoint("[2001:db8::1]:5").isIpv4()).isFalse();
    for (String bad : new String[] {"", "65536", "192.0.2.1:", "192.0.2.1", "name:5"}) {
      assertThatThrownBy(() -> RunCommand.endpoint(bad))
          .as(bad)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  private void assertError(int status, String says, String... words) {
    err.getBuffer().setLength(0);
    assertThat(run(words)).as("%s", err).isEqualTo(status);
    assertThat(err.toString()).contains(says).hasLineCount(1);
  }

  private int run(String... words) {
    CommandLine line = ExitMain.commandLine();
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    return line.execute(words);
  }
}
