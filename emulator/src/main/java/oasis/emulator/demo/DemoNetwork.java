// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import oasis.emulator.Emulation;
import oasis.emulator.Launcher;
import oasis.emulator.Program;
import oasis.emulator.Servers;
import oasis.emulator.Topology;
import oasis.emulator.Topology.End;
import oasis.link.LinkSettings;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;

/**
 * The demo's five hosts and their programs: a client, a router in the middle, an exit node that is
 * also the overlay's entry, a web server and a DNS server. Every link has 20 ms and 50 Mbit/s, and
 * all but the DNS server's carry both address families.
 */
final class DemoNetwork implements AutoCloseable {
  static final String CLIENT = "192.0.2.2";
  static final String EXIT = "198.51.100.2";
  static final String WEB = "203.0.113.2";
  static final String DNS = "203.0.113.130";
  static final String CLIENT6 = "2001:db8:1::2";
  static final String EXIT6 = "2001:db8:2::2";
  static final String WEB6 = "2001:db8:3::2";

  /** A name that a rule sends by the overlay. */
  static final String OVERLAY_NAME = "www.overlay.test";

  /** Another one, of a server that has an IPv6 address alone. */
  static final String OVERLAY_NAME6 = "www6.overlay.test";

  /** A name that no rule matches. */
  static final String PLAIN_NAME = "www.plain.test";

  /** The port that the header rule sends by the overlay. */
  static final int HEADER_PORT = 8080;

  private static final int WEB_PORT = 80;
  private static final int ENTRY_PORT = 4700;
  private static final long DELAY_NS = 20_000_000L;
  private static final long BITS_PER_SECOND = 50_000_000L;

  private final Path directory;
  private final Launcher launcher;
  private final Emulation emulation;
  private @Nullable Program exit;
  private @Nullable Program client;

  private DemoNetwork(Path directory, Launcher launcher, Emulation emulation) {
    this.directory = directory;
    this.launcher = launcher;
    this.emulation = emulation;
  }

  /**
   * Builds the network and starts the DNS server and the web server.
   *
   * @param directory where everything is written; the web server's files lie in {@code www}
   * @param launcher starts client and exit node
   */
  static DemoNetwork start(Path directory, Launcher launcher) throws OsException, IOException {
    Emulation emulation =
        Emulation.start(topology(), Emulation.Options.defaults(directory.resolve("output")));
    DemoNetwork network = new DemoNetwork(directory, launcher, emulation);
    try {
      network.startServers();
      return network;
    } catch (OsException | IOException | RuntimeException e) {
      emulation.close();
      throw e;
    }
  }

  private static Topology topology() {
    LinkSettings link = LinkSettings.delay(DELAY_NS).withRate(BITS_PER_SECOND);
    return Topology.builder("demo")
        .host("client", DNS)
        .router("router")
        .host("exit", DNS)
        .host("web")
        .host("dns")
        .link(
            End.of("client", CLIENT + "/24", CLIENT6 + "/64", link),
            End.of("router", "192.0.2.1/24", "2001:db8:1::1/64", link))
        .link(
            End.of("exit", EXIT + "/24", EXIT6 + "/64", link),
            End.of("router", "198.51.100.1/24", "2001:db8:2::1/64", link))
        .link(
            End.of("web", WEB + "/25", WEB6 + "/64", link),
            End.of("router", "203.0.113.1/25", "2001:db8:3::1/64", link))
        .link("dns", DNS + "/25", "router", "203.0.113.129/25", link)
        .build();
  }

  private void startServers() throws OsException, IOException {
    List<String> hosts =
        List.of(OVERLAY_NAME + "," + WEB, OVERLAY_NAME6 + "," + WEB6, PLAIN_NAME + "," + WEB);
    Servers.dns(emulation.node("dns"), directory, "test", hosts);
    Path files = directory.resolve("www");
    Servers.web(emulation.node("web"), directory, files, List.of(WEB_PORT, HEADER_PORT));
  }

  /** Starts the exit node and waits until it carries packets. */
  void startExit() throws OsException {
    List<String> options = new ArrayList<>();
    options.addAll(List.of("--listen", Integer.toString(ENTRY_PORT), "--allow", CLIENT + "/32"));
    // Addresses for documentation are closed by default: on the Internet nobody has them.
    options.addAll(List.of("--allow-destination", WEB6 + "/128"));
    exit = launcher.run(emulation.node("exit"), "exit", control("exit"), options);
  }

  /** Starts the client with an overlay named {@code demo} and waits until it carries packets. */
  void startClient(List<String> rules) throws OsException {
    List<String> options = new ArrayList<>();
    options.addAll(List.of("--state", directory.resolve("state").toString()));
    options.addAll(List.of("--overlay", "demo=udp://" + EXIT + ":" + ENTRY_PORT));
    for (String rule : rules) {
      options.addAll(List.of("--rule", rule));
    }
    client = launcher.run(emulation.node("client"), "client", control("client"), options);
  }

  /** Control socket of the client or the exit node. */
  Path control(String node) {
    return directory.resolve(node + ".sock");
  }

  /** Kills the overlay without a warning. */
  void killExit() {
    Program running = exit;
    if (running != null) {
      running.signal(9);
    }
  }

  /** Stops the client as a user would. */
  void stopClient() {
    Program running = client;
    if (running != null) {
      running.stop(Duration.ofSeconds(5));
    }
  }

  Emulation emulation() {
    return emulation;
  }

  @Override
  public void close() {
    stopClient();
    if (exit != null) {
      exit.stop(Duration.ofSeconds(5));
    }
    emulation.close();
  }
}
