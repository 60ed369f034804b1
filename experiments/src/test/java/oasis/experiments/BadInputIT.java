// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import oasis.emulator.Node;
import oasis.lab.Daemons;
import oasis.lab.Lab;
import oasis.os.CommandRunner;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Wrong input from the user, to a client and an exit node at work: it is refused in one line,
 * nothing changes, and traffic goes on.
 */
@Timeout(600)
class BadInputIT {
  @TempDir static Path directory;
  private static Lab lab;

  @BeforeAll
  static void network() throws Exception {
    Lab.assumePossible();
    lab = Lab.start(directory);
    lab.servers().startWeb(8080);
    lab.daemons().startExit();
    lab.daemons().startClientWithRules("tcp dport 8080 lab");
  }

  @AfterAll
  static void end() {
    if (lab != null) {
      lab.close();
    }
  }

  @Test
  void wrongRulesAndOverlaysAreRefusedAndChangeNothing() throws Exception {
    JsonNode rules = lab.daemons().ask("rules");
    JsonNode overlays = lab.daemons().ask("overlays");

    assertRefused("column 11", "client", "rule", "add", "tcp dport eighty lab");
    assertRefused("no overlay \"nowhere\"", "client", "rule", "add", "tcp dport 80", "nowhere");
    assertRefused("rule 9", "client", "rule", "remove", "9");
    assertRefused("lab", "client", "overlay", "remove", "lab");
    assertRefused("ftp://192.0.2.9:1", "client", "overlay", "add", "x", "ftp://192.0.2.9:1");
    assertRefused("port", "client", "overlay", "add", "x", "udp://192.0.2.9:70000");
    assertRefused("Upper", "client", "overlay", "add", "Upper", "udp://192.0.2.9:1");

    assertThat(lab.daemons().ask("rules")).isEqualTo(rules);
    assertThat(lab.daemons().ask("overlays")).isEqualTo(overlays);
    assertTrafficGoesOn();
  }

  @Test
  void unknownWordsAndOptionsAreNamed() throws Exception {
    assertRefused("--colour", "client", "status", "--colour");
    assertRefused("--colour", "exit", "run", "--colour");
    assertRefused("--colour", "demo", "--colour");
    assertRefused("paint", "paint");
  }

  @Test
  void aSecondClientIsRefused() throws Exception {
    assertRefused("runs already", "client", "run", "--state", lab.file("state").toString());
    assertTrafficGoesOn();
  }

  @Test
  void aBrokenConfigurationIsNamedByFileAndLineAndLeftAsItIs() throws Exception {
    Path state = Files.createDirectories(lab.file("broken-state"));
    Path file = state.resolve("client.xml");
    String broken =
        "<client xmlns=\"urn:oasis:client:1\">\n  <rule>tcp dport 80</rule>\n</client>\n";
    Files.writeString(file, broken);
    Node elsewhere = lab.server();
    CommandRunner.Result result =
        elsewhere.exec(
            Lab.LONG,
            Daemons.script().toString(),
            "client",
            "run",
            "--state",
            state.toString(),
            "--control",
            lab.file("other.sock").toString());
    assertOneLine(result, file + ", line 2");
    assertThat(Files.readString(file)).isEqualTo(broken);
    assertThat(elsewhere.exec(Lab.LONG, "ip", "link").out()).doesNotContain("oas0");
    assertThat(elsewhere.exec(Lab.LONG, "nft", "list", "tables").out()).isEmpty();
  }

  @Test
  void aBrokenTopologyIsNamedByFileAndLine() throws Exception {
    Path file = lab.file("broken.xml");
    Files.writeString(
        file,
        """
        <topology xmlns="urn:oasis:topology:1" name="broken">
          <host name="a"/>
          <host name="a"/>
        </topology>
        """);
    CommandRunner.Result result = lab.daemons().oasis("emulate", file.toString());
    assertOneLine(result, file + ":");
    assertThat(result.status()).isEqualTo(2);
  }

  private static void assertRefused(String names, String... words) throws Exception {
    assertOneLine(lab.daemons().oasis(words), names);
  }

  private static void assertOneLine(CommandRunner.Result result, String names) {
    assertThat(result.status()).as(result.err()).isIn(1, 2);
    assertThat(result.out()).isEmpty();
    assertThat(result.err().strip()).hasLineCount(1).startsWith("oasis").contains(names);
  }

  private static void assertTrafficGoesOn() throws Exception {
    assertThat(lab.run("curl", "-sSf", "http://" + Lab.SERVER + ":8080/who")).isEqualTo(Lab.EXIT);
    for (JsonNode status : List.of(lab.daemons().ask("status"), lab.daemons().askExit("status"))) {
      assertThat(status.path("loopFailures").asLong(-1)).isZero();
    }
  }
}
