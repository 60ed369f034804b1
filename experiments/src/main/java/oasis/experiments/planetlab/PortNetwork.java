// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import oasis.emulator.Command;
import oasis.emulator.Emulation;
import oasis.emulator.Launcher;
import oasis.emulator.Node;
import oasis.emulator.Program;
import oasis.emulator.Servers;
import oasis.emulator.Topology;
import oasis.experiments.measure.Pause;
import oasis.io.control.ControlClient;
import oasis.link.LinkSettings;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;

/**
 * Programs' host, router, exit node and server. On the host runs the port, which has CAP_NET_RAW
 * and nothing else, and beside it tinyproxy.
 */
final class PortNetwork implements AutoCloseable {
  /** The port. */
  static final int PORT = 4712;

  /** The other proxy. */
  static final int TINYPROXY_PORT = 8888;

  /** Nobody listens here. */
  static final int CLOSED_PORT = 4711;

  /** Where the server takes uploads. */
  static final int SINK_PORT = 8080;

  /** Where the server lies. */
  static final int LIAR_PORT = 8081;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SERVER = "203.0.113.2";
  private static final String ENTRY_PORT = "4700";
  private static final String OVERLAY = "ron";
  private static final String CAP_NET_RAW_ONLY = "CapEff:\t0000000000002000";
  private static final Duration FIRST = Duration.ofMinutes(3);
  private static final Duration READY = Duration.ofSeconds(20);
  private static final int NOBODY_LISTENS = 7;
  private static final int ALIVE_TRIES = 80;
  private static final long PAUSE_MS = 250;

  private final Path directory;
  private final Emulation emulation;
  private final Site site;
  private final Silence silence;
  private final Sink sink;
  private final Program port;
  private final Program tinyproxy;

  private PortNetwork(
      Path directory,
      Emulation emulation,
      Site site,
      Silence silence,
      Sink sink,
      Program port,
      Program tinyproxy) {
    this.directory = directory;
    this.emulation = emulation;
    this.site = site;
    this.silence = silence;
    this.sink = sink;
    this.port = port;
    this.tinyproxy = tinyproxy;
  }

  /**
   * Builds it and starts everything.
   *
   * @param directory for files and the output of all programs
   * @param launcher starts port and exit node
   * @param access the link of the programs' host
   */
  static PortNetwork start(Path directory, Launcher launcher, LinkSettings access, long seed)
      throws OsException, IOException {
    Files.createDirectories(directory);
    Emulation emulation =
        Emulation.start(topology(access, seed), Emulation.Options.defaults(directory));
    @Nullable Sink sink = null;
    try {
      Node server = emulation.node("server");
      List<String> hosts = new ArrayList<>();
      for (Carrier carrier : Carrier.values()) {
        hosts.add(carrier.host() + "," + SERVER);
      }
      Servers.dns(server, directory, "test", hosts);
      Site site = Site.start(server, directory.resolve("site"), seed);
      sink = Sink.open(server.namespace(), SINK_PORT);
      Node client = emulation.node("client");
      Program tinyproxy = startTinyproxy(client, directory);
      Silence silence = Silence.watch(client, directory);
      startExit(emulation, directory, launcher);
      Program port = startPort(emulation, directory, launcher);
      PortNetwork network =
          new PortNetwork(directory, emulation, site, silence, sink, port, tinyproxy);
      network.awaitOverlay();
      return network;
    } catch (OsException | IOException | RuntimeException e) {
      if (sink != null) {
        sink.close();
      }
      emulation.close();
      throw e;
    }
  }

  private static Topology topology(LinkSettings access, long seed) {
    return Topology.builder("planetlab")
        .seed(seed)
        .host("client", SERVER)
        .router("router")
        .host("exit")
        .host("server")
        .link("client", "192.0.2.2/24", "router", "192.0.2.1/24", access)
        .link("exit", "198.51.100.2/24", "router", "198.51.100.1/24")
        .link("server", SERVER + "/24", "router", "203.0.113.1/24")
        .build();
  }

  private static Program startTinyproxy(Node client, Path directory)
      throws OsException, IOException {
    Path file = directory.resolve("tinyproxy.conf");
    Files.writeString(
        file,
        """
        Port %d
        Listen 127.0.0.1
        Timeout 600
        MaxClients 500
        LogLevel Critical
        """
            .formatted(TINYPROXY_PORT));
    Program program = client.start("tinyproxy", "-d", "-c", file.toString());
    String url = "http://127.0.0.1:" + TINYPROXY_PORT;
    for (int i = 0; i < ALIVE_TRIES; i++) {
      if (client.exec(READY, "curl", "-s", "-o", "/dev/null", url).status() != NOBODY_LISTENS) {
        return program;
      }
      Pause.ms(PAUSE_MS);
    }
    throw new OsException("tinyproxy does not listen");
  }

  private static void startExit(Emulation emulation, Path directory, Launcher launcher)
      throws OsException {
    List<String> options = new ArrayList<>(List.of("--listen", ENTRY_PORT));
    options.addAll(List.of("--allow", emulation.node("client").address()));
    prepare(emulation.node("exit"), launcher, "exit");
    launcher.run(emulation.node("exit"), "exit", directory.resolve("exit.sock"), options);
  }

  private static Program startPort(Emulation emulation, Path directory, Launcher launcher)
      throws OsException, IOException {
    Node client = emulation.node("client");
    prepare(client, launcher, "planetlab");
    String entry = "udp://" + emulation.node("exit").address() + ":" + ENTRY_PORT;
    List<String> options =
        new ArrayList<>(List.of("--state", directory.resolve("port").toString()));
    options.addAll(List.of("--overlay", OVERLAY + "=" + entry));
    options.addAll(List.of("--rule", "name:*.overlay.test " + OVERLAY, "--dns", SERVER));
    List<String> argv = new ArrayList<>(List.of("setpriv", "--bounding-set", "-all,+net_raw"));
    argv.addAll(launcher.command("planetlab", control(directory), options).argv());
    Program port = client.start(Command.of(argv).withName("port"));
    port.awaitLine("Ready", READY);
    if (!Files.readString(Path.of("/proc/" + port.pid() + "/status")).contains(CAP_NET_RAW_ONLY)) {
      throw new OsException("the port may do more than CAP_NET_RAW allows");
    }
    return port;
  }

  /** The first start of a build takes its time; it is not what is to be watched. */
  private static void prepare(Node node, Launcher launcher, String word) throws OsException {
    node.exec(FIRST, launcher.script().toString(), word, "--version");
  }

  private static Path control(Path directory) {
    return directory.resolve("port.sock");
  }

  private void awaitOverlay() throws OsException, IOException {
    for (int i = 0; i < ALIVE_TRIES; i++) {
      if (status().toString().contains("\"state\":\"alive\"")) {
        return;
      }
      Pause.ms(PAUSE_MS);
    }
    throw new OsException("the overlay does not come alive");
  }

  /** What the port says of itself. */
  JsonNode status() throws IOException {
    byte[] body = new ControlClient(control(directory), "port").get("/v1/status").body();
    return JSON.readTree(new String(body, UTF_8));
  }

  /** What the port says of its connections. */
  JsonNode portStatus() throws IOException {
    return status().path("port");
  }

  /** The host of the programs. */
  Node client() {
    return emulation.node("client");
  }

  /** The node with the site. */
  Node server() {
    return emulation.node("server");
  }

  /** The address that the server sees. */
  String peer(Carrier carrier) {
    return emulation.node(carrier == Carrier.OVERLAY ? "exit" : "client").address();
  }

  /** All network namespaces. */
  List<String> namespaces() {
    return emulation.nodes().stream().map(Node::namespace).toList();
  }

  Site site() {
    return site;
  }

  Silence silence() {
    return silence;
  }

  /** The id of a proxy's process; 0 when there is none. */
  long pid(Proxy proxy) {
    return switch (proxy) {
      case PORT, OVERLAY -> port.pid();
      case TINYPROXY -> tinyproxy.pid();
      case NONE -> 0;
    };
  }

  /** A folder for what comes. */
  Path directory() {
    return directory;
  }

  @Override
  public void close() {
    sink.close();
    emulation.close();
  }
}
