// SPDX-License-Identifier: Apache-2.0
package oasis.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import oasis.io.control.Json;
import oasis.os.CommandRunner;
import org.junit.jupiter.api.Test;

/**
 * Joining, upgrading and leaving overlays, and editing the configuration, while the client runs.
 */
class OverlayIT extends InClientLab {
  private static final String GOOD_ENTRY = entry(ClientLab.ENTRY);

  /** Nobody listens there. */
  private static final String DEAD_ENTRY = entry(9);

  private static String entry(int port) {
    return "  <entry host=\"" + ClientLab.EXIT + "\" port=\"" + port + "\"/>\n";
  }

  private void publish(int version, String entries) throws Exception {
    Files.writeString(
        directory.resolve("ron.xml"),
        "<overlay xmlns=\"urn:oasis:overlay:1\" name=\"ron\" version=\""
            + version
            + "\">\n"
            + entries
            + "  <mtu>1380</mtu>\n</overlay>\n");
  }

  /** Runs a command about the running client. */
  private CommandRunner.Result client(String... words) throws Exception {
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(List.of("--control", lab.file("client.sock")));
    return lab.clientMain(all.toArray(String[]::new));
  }

  private void assertDone(String... words) throws Exception {
    assertThat(client(words)).satisfies(result -> assertThat(result.err()).isEmpty());
  }

  /** States of the entry nodes of the overlay. */
  private List<String> states() throws Exception {
    List<String> states = new ArrayList<>();
    if (lab.status().get("carriers") instanceof List<?> carriers) {
      for (Object one : carriers) {
        if (one instanceof Map<?, ?> carrier && "ron".equals(carrier.get("name"))) {
          states.add(String.valueOf(carrier.get("state")));
        }
      }
    }
    return states;
  }

  private Process slowDownload() throws Exception {
    Process slow =
        lab.start(
            lab.client,
            "curl",
            "-sS",
            "--limit-rate",
            "100k",
            "-o",
            lab.file("slow"),
            "http://" + ClientLab.SERVER + "/big");
    ClientLab.await(() -> flows() == 1);
    return slow;
  }

  /** A connection keeps the way that it began with. */
  private static void assertGoesOn(Process slow) {
    assertThat(slow.isAlive() ? "goes on" : "ended with " + slow.exitValue()).isEqualTo("goes on");
  }

  private long flows() throws Exception {
    return lab.status().get("flows") instanceof Number number ? number.longValue() : -1;
  }

  @Test
  void anOverlayIsJoinedBySpecificationUpgradedAndKeptOverARestart() throws Exception {
    publish(3, DEAD_ENTRY + GOOD_ENTRY);
    lab.startExit();
    Process daemon = lab.startClient();
    assertThat(client("overlay", "add", "other", "file:" + lab.file("ron.xml")).err())
        .contains("it specifies \"ron\", not \"other\"");
    assertDone("overlay", "add", "ron", "file:" + lab.file("ron.xml"));
    assertDone("rule", "add", "tcp dport 80", "ron");
    ClientLab.await(() -> states().equals(List.of("dead", "alive")));
    assertThat(lab.who(ClientLab.SERVER)).as("by the living one").isEqualTo(ClientLab.EXIT);

    Process slow = slowDownload();
    publish(2, GOOD_ENTRY);
    assertThat(client("overlay", "update", "ron").err()).contains("version 2 is older than");
    publish(4, GOOD_ENTRY);
    assertThat(client("overlay", "update", "ron").out()).isEqualTo("ron: version 3 is now 4\n");
    assertThat(states()).containsExactly("alive");
    assertGoesOn(slow);
    assertThat(flows()).isGreaterThanOrEqualTo(1);
    slow.destroy();

    assertDone("stop");
    assertThat(daemon.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(daemon.exitValue()).isZero();
    Files.delete(directory.resolve("ron.xml"));
    lab.startClient();
    lab.awaitCarrier("ron", "alive");
    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.EXIT);
    assertThat(client("overlay", "list").out()).contains("file:" + lab.file("ron.xml") + "  4  ");
  }

  @Test
  void aReloadChangesWhatIsDifferentOrNothing() throws Exception {
    lab.startExit();
    Process daemon = lab.startClient();
    Path file = directory.resolve("state/client.xml");
    String head =
        "<client xmlns=\"urn:oasis:client:1\">\n<overlay name=\"ron\" url=\"udp://"
            + ClientLab.EXIT
            + ":"
            + ClientLab.ENTRY
            + "\"/>\n";
    Files.writeString(file, head + "<!-- mine -->\n<rule>tcp dport 80 ron</rule>\n</client>\n");
    assertThat(client("reload").out()).isEqualTo("In force: 1 overlays, 1 rules\n");
    lab.awaitCarrier("ron", "alive");
    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.EXIT);
    Process slow = slowDownload();

    Files.writeString(
        file, head + "<rule>tcp dport 8080 ron</rule>\n<rule>nonsense</rule></client>");
    assertThat(client("reload").err()).contains(file + ", line 4: rule \"nonsense\"");
    assertThat(lab.who(ClientLab.SERVER)).as("as before").isEqualTo(ClientLab.EXIT);
    assertThat(lab.who(ClientLab.SERVER + ":8080")).isEqualTo(ClientLab.CLIENT);

    Files.writeString(file, head + "<rule>tcp dport 8080 ron</rule>\n</client>");
    lab.in(lab.client, "kill", "-HUP", Long.toString(daemon.pid()));
    ClientLab.await(() -> lab.who(ClientLab.SERVER + ":8080").equals(ClientLab.EXIT));
    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.CLIENT);
    assertGoesOn(slow);
    slow.destroy();
    assertThat(Json.parse(client("doctor", "--json").out().getBytes(UTF_8)))
        .isInstanceOf(List.class);
  }

  @Test
  void aSpecificationThatWasNeverSeenIsFetchedOnceTheClientRuns() throws Exception {
    lab.startExit();
    publish(1, GOOD_ENTRY);
    Path state = Files.createDirectories(directory.resolve("state"));
    Files.writeString(
        state.resolve("client.xml"),
        "<client xmlns=\"urn:oasis:client:1\">\n<overlay name=\"ron\" url=\"file:"
            + lab.file("ron.xml")
            + "\"/>\n<rule>tcp dport 80 ron</rule>\n</client>\n");

    lab.startClient();

    lab.awaitCarrier("ron", "alive");
    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.EXIT);
  }

  @Test
  void anOverlayThatIsStillWaitedForKeepsNoReloadFromBeingDone() throws Exception {
    Path state = Files.createDirectories(directory.resolve("state"));
    Path file = state.resolve("client.xml");
    String head =
        "<client xmlns=\"urn:oasis:client:1\">\n<overlay name=\"ron\" url=\"file:"
            + lab.file("ron.xml")
            + "\"/>\n";
    Files.writeString(file, head + "</client>\n");
    lab.startClient();
    Files.writeString(file, head + "<!-- mine -->\n<rule>tcp dport 81 ron</rule>\n</client>\n");
    assertThat(client("rule", "add", "tcp dport 80", "ron").err())
        .as("what was edited is not thrown away")
        .contains("edited meanwhile");
    assertThat(client("reload").out()).isEqualTo("In force: 1 overlays, 1 rules\n");
    assertDone("rule", "add", "tcp dport 80", "ron");
    assertThat(file).content().contains("dport 80").contains("dport 81");
  }

  @Test
  void aRefusedUpdateLeavesTheSpecificationThatIsInForce() throws Exception {
    publish(1, GOOD_ENTRY);
    Process daemon = lab.startClient();
    assertDone("overlay", "add", "ron", "file:" + lab.file("ron.xml"));
    StringBuilder many = new StringBuilder();
    for (int i = 1; i <= 8; i++) {
      many.append(entry(i));
    }
    for (int i = 1; i <= 8; i++) {
      StringBuilder others = new StringBuilder();
      for (int j = 1; j <= 8 - i / 8; j++) {
        others.append(entry(100 * i + j));
      }
      Files.writeString(
          directory.resolve("o" + i + ".xml"),
          "<overlay xmlns=\"urn:oasis:overlay:1\" name=\"o"
              + i
              + "\" version=\"1\">\n"
              + others
              + "</overlay>\n");
      CommandRunner.Result added =
          client("overlay", "add", "o" + i, "file:" + lab.file("o" + i + ".xml"));
      assertThat(added.err()).as("o%d", i).matches(i < 8 ? "" : "(?s).*entry nodes.*");
    }
    publish(2, many.toString());
    assertThat(client("overlay", "update", "ron").err()).contains("entry nodes");
    assertDone("stop");
    daemon.waitFor();
    lab.startClient();
    assertThat(client("overlay", "list", "--json").out()).contains("ron");
    assertThat(states()).hasSize(1);
  }

  @Test
  void anEntryNodeIsNeverSoughtBehindItsOwnFakeAddress() throws Exception {
    Path resolver = Path.of("/etc/netns", lab.client, "resolv.conf");
    Files.createDirectories(resolver.getParent());
    try {
      Files.writeString(resolver, "nameserver " + ClientLab.SERVER + "\n");
      lab.startExit();
      lab.startClient(
          "--overlay",
          "ron=udp://" + ClientLab.EXIT + ":" + ClientLab.ENTRY,
          "--rule",
          "name:*.edu ron");
      lab.awaitCarrier("ron", "alive");
      assertThat(lab.dig("node.example.edu")).as("what others get").startsWith("198.18.");

      assertDone("overlay", "add", "second", "udp://node.example.edu:4700");

      assertThat(client("overlay", "list").out())
          .containsAnyOf(
              "udp://" + ClientLab.SERVER + ":4700", "udp://[" + ClientLab.SERVER6 + "]:4700");
    } finally {
      Files.deleteIfExists(resolver);
      Files.deleteIfExists(resolver.getParent());
    }
  }
}
