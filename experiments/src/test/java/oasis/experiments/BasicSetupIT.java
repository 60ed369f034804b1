// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import oasis.emulator.Emulation;
import oasis.emulator.Launcher;
import oasis.emulator.Node;
import oasis.emulator.Program;
import oasis.emulator.Roles;
import oasis.emulator.Topology;
import oasis.io.control.ControlClient;
import oasis.lab.Daemons;
import oasis.lab.Lab;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The topology that an overlay developer starts from does what its comment says. */
@Timeout(600)
class BasicSetupIT {
  private static final Path TOPOLOGY = Path.of("basic.xml");
  private static final String RULED = "http://www.overlay.test/";
  private static final String PLAIN = "http://www.plain.test/";
  private static final String EXIT = "198.51.100.130";
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir static Path directory;
  private static Emulation emulation;
  private static Roles roles;

  @BeforeAll
  static void build() throws Exception {
    Lab.assumePossible();
    Emulation.Options options =
        new Emulation.Options(directory.resolve("out"), directory.resolve("state"), SOON);
    emulation = Emulation.start(Topology.read(TOPOLOGY), options);
    roles = Roles.start(emulation, new Launcher(Daemons.script()), directory.resolve("out"));
  }

  @AfterAll
  static void destroy() {
    if (roles != null) {
      roles.close();
    }
    if (emulation != null) {
      emulation.close();
    }
  }

  private static String get(String node, String url) throws Exception {
    Node at = emulation.node(node);
    String proxy = node.equals("slice") ? "http://127.0.0.1:4712" : "";
    return at.exec(SOON, "curl", "-sSf", "-m", "30", "-x", proxy, url).out().strip();
  }

  private static JsonNode ask(String node, String path) throws Exception {
    byte[] body = new ControlClient(roles.control(node), node).get(path).body();
    return Lab.json(new String(body, StandardCharsets.UTF_8));
  }

  @Test
  void bothKindsOfClientsDownloadThroughRelayAndExit() throws Exception {
    Path original = directory.resolve("out").resolve("web").resolve("www").resolve("file.bin");
    long before = ask("exit", "/v1/status").findValue("inBytes").asLong();
    for (String node : List.of("desk", "slice")) {
      assertThat(get(node, RULED + "who")).as("what the server saw of " + node).isEqualTo(EXIT);
      Path got = directory.resolve("got-" + node);
      String proxy = node.equals("slice") ? "http://127.0.0.1:4712" : "";
      Program curl =
          emulation
              .node(node)
              .start(
                  "curl",
                  "-sSf",
                  "-m",
                  "60",
                  "-x",
                  proxy,
                  "-o",
                  got.toString(),
                  RULED + "file.bin");
      assertThat(curl.waitFor(SOON)).as(curl.errors()).isZero();
      assertThat(Files.mismatch(got, original)).as("download of " + node).isEqualTo(-1);
    }
    assertThat(ask("relay", "/v1/clients").toString()).contains("192.0.2.2", "192.0.2.130");
    assertThat(ask("exit", "/v1/clients").toString()).doesNotContain("192.0.2.");
    assertThat(ask("exit", "/v1/status").findValue("inBytes").asLong()).isGreaterThan(before);
  }

  @Test
  void whatNoRuleNamesGoesStraight() throws Exception {
    assertThat(get("desk", PLAIN + "who")).isEqualTo(emulation.node("desk").address());
    assertThat(get("slice", PLAIN + "who")).isEqualTo(emulation.node("slice").address());
  }

  @Test
  void whoRunsIsSaid() {
    assertThat(roles.doubts()).isEmpty();
    assertThat(roles.hints()).hasSize(4).allMatch(line -> line.contains(" status --control "));
  }

  @Test
  void aProgramOfARoleThatHasEndedIsADoubt() throws Exception {
    Path file = directory.resolve("one.xml");
    String ns = "urn:oasis:topology:1";
    Files.writeString(
        file, "<topology xmlns='" + ns + "' name='one'><node name='a' role='dns'/></topology>");
    Path out = directory.resolve("one");
    Emulation.Options options = new Emulation.Options(out, directory.resolve("state"), SOON);
    try (Emulation one = Emulation.start(Topology.read(file), options);
        Roles dns = Roles.start(one, new Launcher(Daemons.script()), out)) {
      assertThat(dns.doubts()).isEmpty();
      one.node("a").exec(SOON, "sh", "-c", "kill $(cat " + out + "/a/dnsmasq.pid)");
      Lab.await("a doubt", () -> !dns.doubts().isEmpty());
      assertThat(dns.doubts().get(0)).contains("the dns of node a has ended");
    }
  }
}
