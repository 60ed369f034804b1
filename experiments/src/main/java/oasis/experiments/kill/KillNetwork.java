// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import oasis.emulator.Command;
import oasis.emulator.Emulation;
import oasis.emulator.Launcher;
import oasis.emulator.Node;
import oasis.emulator.Program;
import oasis.emulator.Servers;
import oasis.emulator.Topology;
import oasis.io.control.ControlClient;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;

/**
 * The client's host behind a router, an exit node, a web server and a DNS server, on plain links of
 * both address families. The host's default gateway is the router, so that a fake address that
 * leaks has somewhere to go.
 */
final class KillNetwork implements AutoCloseable {
  static final String CLIENT = "192.0.2.2";
  static final String EXIT = "198.51.100.2";
  static final String WEB = "203.0.113.2";
  static final String DNS = "203.0.113.130";
  static final String WEB6 = "2001:db8:3::2";
  static final String DNS6 = "2001:db8:4::2";
  static final String EXIT6 = "2001:db8:2::2";

  /** The client's device. */
  static final String DEVICE = "oas0";

  /** The interface behind which the rest of the world is. */
  static final String UPLINK = "eth0";

  /** A name that no rule matches. */
  static final String PLAIN_NAME = "www.plain.test";

  /** The port that a header rule sends by the overlay, and one that no rule names. */
  static final int RULED_PORT = 80;

  static final int PLAIN_PORT = 8080;

  /** The port of the rule that a reload adds. */
  static final String NEW_PORT = "8443";

  /** How many names there are for a rule. */
  static final int NAMES = 240;

  static final int BIG_BYTES = 20_000_000;
  private static final int ENTRY_PORT = 4700;
  private static final Duration READY = Duration.ofSeconds(20);
  private static final Duration FIRST = Duration.ofMinutes(3);

  private final Path directory;
  private final Launcher launcher;
  private final Emulation emulation;
  private final CommandRunner host;

  private KillNetwork(Path directory, Launcher launcher, Emulation emulation) {
    this.directory = directory;
    this.launcher = launcher;
    this.emulation = emulation;
    host = LinuxCommandRunner.inNamespace(client().namespace());
  }

  /** Builds it and starts the servers and the exit node. */
  static KillNetwork start(Path directory, Launcher launcher) throws OsException, IOException {
    Emulation emulation =
        Emulation.start(topology(), Emulation.Options.defaults(directory.resolve("output")));
    KillNetwork network = new KillNetwork(directory, launcher, emulation);
    try {
      network.prepareLauncher();
      network.startServers();
      return network;
    } catch (OsException | IOException | RuntimeException e) {
      emulation.close();
      throw e;
    }
  }

  private static Topology topology() {
    return Topology.builder("kill-matrix")
        .host("client", DNS)
        .router("router")
        .host("exit")
        .host("web")
        .host("dns")
        .link("client", CLIENT + "/24", "2001:db8:1::2/64", "router", "192.0.2.1/24", gateway6("1"))
        .link("exit", EXIT + "/24", EXIT6 + "/64", "router", "198.51.100.1/24", gateway6("2"))
        .link("web", WEB + "/25", WEB6 + "/64", "router", "203.0.113.1/25", gateway6("3"))
        .link("dns", DNS + "/25", DNS6 + "/64", "router", "203.0.113.129/25", gateway6("4"))
        .build();
  }

  private static String gateway6(String net) {
    return "2001:db8:" + net + "::1/64";
  }

  /** The first start of a build takes its time; it is not what is to be watched. */
  private void prepareLauncher() throws OsException {
    for (String word : List.of("client", "exit")) {
      client().exec(FIRST, launcher.script().toString(), word, "--version");
    }
  }

  private void startServers() throws OsException, IOException {
    List<String> names = new ArrayList<>(List.of(PLAIN_NAME + "," + WEB + "," + WEB6));
    IntStream.range(0, NAMES).forEach(i -> names.add(name(i) + "," + WEB + "," + WEB6));
    Servers.dns(emulation.node("dns"), directory, "test", names);
    Path files = Files.createDirectories(directory.resolve("www"));
    Files.writeString(files.resolve("small"), "it works\n");
    Files.write(files.resolve("big"), new byte[BIG_BYTES]);
    Path web = directory.resolve("web");
    Servers.web(emulation.node("web"), web, files, List.of(RULED_PORT, PLAIN_PORT));
    List<String> options = new ArrayList<>(List.of("--listen", Integer.toString(ENTRY_PORT)));
    options.addAll(List.of("--allow", CLIENT + "/32"));
    // Addresses for documentation are closed by default: on the Internet nobody has them.
    options.addAll(List.of("--allow-destination", WEB6 + "/128"));
    launcher.run(emulation.node("exit"), "exit", directory.resolve("exit.sock"), options);
  }

  /** A name that a rule sends by the overlay. */
  static String name(int number) {
    return "n" + number + ".overlay.test";
  }

  /** The folder of all files of the client. */
  Path files() {
    return directory.resolve("client");
  }

  private Path control() {
    return files().resolve("run/client.sock");
  }

  Node client() {
    return emulation.node("client");
  }

  /** Runs commands on the client's host. */
  CommandRunner host() {
    return host;
  }

  /** Writes the client's configuration, as its user would. */
  void configure(boolean newRule) throws IOException {
    String rule = newRule ? "  <rule>tcp dport " + NEW_PORT + " demo</rule>\n" : "";
    Files.createDirectories(state());
    Files.writeString(
        state().resolve("client.xml"),
        """
        <client xmlns="urn:oasis:client:1">
          <overlay name="demo" url="udp://%s:%d"/>
          <rule>name:*.overlay.test demo</rule>
          <rule>tcp dport %d demo</rule>
        %s</client>
        """
            .formatted(EXIT, ENTRY_PORT, RULED_PORT, rule));
  }

  /** Whether the configuration is there as a whole. */
  boolean configured() throws IOException {
    String text = Files.readString(state().resolve("client.xml"));
    return text.stripTrailing().endsWith("</client>");
  }

  private Path state() {
    return files().resolve("state");
  }

  /** Starts a client and does not wait for it. */
  Program launch(Hold hold, boolean held) throws OsException, IOException {
    Path temporary = Files.createDirectories(files().resolve("tmp"));
    Files.createDirectories(files().resolve("cache"));
    Command command =
        launcher
            .command("client", control(), List.of("--state", state().toString()))
            .withVariable("TMPDIR", temporary.toString())
            .withVariable("XDG_CACHE_HOME", files().resolve("cache").toString());
    return client().start(held ? hold.around(command) : command);
  }

  /** Waits until a client carries packets. */
  void awaitReady(Program client) throws OsException {
    client.awaitLine("Ready", READY);
  }

  /** The control interface of the running client. */
  ControlClient ask() {
    return new ControlClient(control(), "client");
  }

  /** Removes what the last client has left, as a user would. */
  CommandRunner.Result cleanUp() throws OsException {
    return client()
        .exec(READY, launcher.script().toString(), "cleanup", "--control", control().toString());
  }

  @Override
  public void close() {
    emulation.close();
  }
}
