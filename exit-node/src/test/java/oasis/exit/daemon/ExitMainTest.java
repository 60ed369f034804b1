// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
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
  void cleanupRemovesNoFileThatIsNoSocket() throws Exception {
    Path file = Files.writeString(directory.resolve("letter"), "dear");
    assertError(1, "is no control socket", "cleanup", "--control", file.toString());
    assertError(1, "is no control socket", "cleanup", "--control", directory.toString());
    // What is neither file nor directory is no socket for that reason.
    Path pipe = directory.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    assertError(1, "is no control socket", "cleanup", "--control", pipe.toString());
    assertThat(pipe).exists();
    assertThat(file).hasContent("dear");
  }

  @Test
  void aFileThatCannotBeUsedIsNamedWithTheReason() {
    String missing = directory + "/none/log";
    assertError(1, missing + ": ", "whois", "tcp", "1.2.3.4:5", "now", "--flow-log", missing);
    assertError(
        1,
        "/etc: cannot be read: Is a directory",
        "whois",
        "tcp",
        "1.2.3.4:5",
        "now",
        "--flow-log",
        "/etc");
    assertError(1, "/etc: it is a directory", "run", "--keys", "/etc");
  }

  @Test
  void probeNamesWhomItCannotReach() {
    assertError(1, "no echo from 127.0.0.1:9 within 1 s", "probe", "127.0.0.1:9", "--timeout", "1");
  }

  @Test
  void whoisSaysWhatItTakes() {
    assertError(2, "PROTOCOL SOURCE [DESTINATION] TIME", "whois");
    assertError(2, "PROTOCOL SOURCE [DESTINATION] TIME", "whois", "tcp", "1.2.3.4:5");
    assertError(2, "in quotes", "whois", "tcp", "1.2.3.4:5", "1.2.3.4:6", "01/Mar", "+0000");
    assertThat(run("whois", "--help")).isZero();
    assertThat(out.toString()).doesNotContain("(PROTOCOL").doesNotContain("]...");
  }

  @Test
  void errorsAreOneLineThatSaysWhatToDo() {
    String socket = directory.resolve("none.sock").toString();
    assertThat(run("status", "--control", socket)).isEqualTo(1);
    assertThat(err.toString()).isEqualTo("oasis exit: no exit node is running at " + socket + "\n");
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
    assertError(1, "--closed-ports takes", "run", "--open", "--closed-ports", "smtp");
    assertError(
        1, "--filtering takes endpoint-independent, address", "run", "--open", "--filtering", "x");
    assertError(1, "--timeout: udp must be 120", "run", "--open", "--timeout", "udp=5");
    assertError(1, "--timeout: x is not STATE=SECONDS", "run", "--open", "--timeout", "x");
    assertError(1, "max-handshakes must be", "run", "--open", "--max-handshakes", "0");
    assertError(1, "no flow can leave", "run", "--open", "--address", "127.0.0.1");
    assertError(1, "pool6 must be", "run", "--open", "--pool6", "10.0.0.0/8");
    assertError(1, "--peer 'x': it must read NAME=", "run", "--peer", "x");
    assertError(1, "needs --keys FILE", "run", "--peer", "x=192.0.2.1:4700,key:7");
    assertError(1, "there is no such key file", "run", "--keys", directory + "/none");
    assertError(1, "--log takes", "run", "--log", "loud");
    assertError(2, "--mtu", "run", "--mtu", "big");
    assertError(
        2,
        "run, status, clients, flows, classes, whois, probe, drain, reload, restart, stop or cleanup");
    assertError(1, "--metrics takes", "run", "--open", "--metrics", "x");
    assertError(1, "flow-log-files must", "run", "--open", "--flow-log-files", "-1");
    assertError(1, "is no protocol", "whois", "x", "1.2.3.4:5", "now");
    assertError(1, "lacks its zone", "whois", "tcp", "1.2.3.4:5", "2026-01-02T12:00:00");
    assertError(1, "give --flow-log FILE", "whois", "tcp", "1.2.3.4:5", "now", "--control", socket);
    assertError(1, "--off or --stop", "drain", "--off", "--stop");
    assertError(2, "frobnicate", "frobnicate");
  }

  @Test
  void everyCommandHasHelp() {
    for (String command :
        new String[] {
          "run", "status", "clients", "flows", "classes", "whois", "drain", "reload", "stop",
          "cleanup"
        }) {
      assertThat(run(command, "--help")).isZero();
    }
    assertThat(out.toString())
        .contains(
            "--allow-destination", "--backend", "--ports", "--flow-log", "--json", "--config");
  }

  @Test
  void listenTakesAPortOrAnAddressAndAPort() {
    assertThat(ExitOptions.listen("4700")).as("both families").isEqualTo(Endpoint.anyIpv6(4700));
    assertThat(ExitOptions.listen("192.0.2.1:5")).isEqualTo(Endpoint.ipv4(192, 0, 2, 1, 5));
    assertThat(ExitOptions.listen("[2001:db8::1]:5").isIpv4()).isFalse();
    for (String bad : new String[] {"", "65536", "192.0.2.1:", "192.0.2.1", "name:5"}) {
      assertThatThrownBy(() -> ExitOptions.listen(bad))
          .as(bad)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void withoutClientsItRefusesInOneLineThatSaysWhatToSet() {
    assertThat(run("run")).isEqualTo(1);
    assertThat(err.toString())
        .isEqualTo(
            "oasis exit: nobody may use this exit: give --keys FILE, --allow PREFIX for each client"
                + " network, or --open\n");
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
