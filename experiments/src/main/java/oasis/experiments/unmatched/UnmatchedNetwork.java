// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.unmatched;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oasis.emulator.Emulation;
import oasis.emulator.Launcher;
import oasis.emulator.Node;
import oasis.emulator.Servers;
import oasis.emulator.Topology;
import oasis.experiments.measure.Pause;
import oasis.experiments.measure.Traffic;
import oasis.io.control.ControlClient;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;

/**
 * Three hosts around one router, each with a network behind it in which it publishes a web server;
 * one host has a client whose overlay, an exit node, is alive. A rule of the client matches a
 * second web server, which shows that the rules are in force.
 */
final class UnmatchedNetwork implements AutoCloseable {
  private static final String CORE = "core";
  private static final String SERVER = "server";
  private static final String MATCHED = "matched";
  private static final String EXIT = "exit";
  private static final String OUTSIDE = "outside";
  private static final int WEB_PORT = 80;
  private static final int PUBLISHED_PORT = 8088;
  private static final int ENTRY_PORT = 4700;
  private static final Duration READY = Duration.ofSeconds(20);
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final int TRIES = 50;
  private static final long PAUSE_MS = 200;
  private static final String NO_MEMORY = "net.ipv4.tcp_no_metrics_save=1";

  private final Path directory;
  private final Plan plan;
  private final Emulation emulation;
  private final Launcher launcher;

  private UnmatchedNetwork(Path directory, Plan plan, Emulation emulation, Launcher launcher) {
    this.directory = directory;
    this.plan = plan;
    this.emulation = emulation;
    this.launcher = launcher;
  }

  /**
   * Builds it and starts all but the client.
   *
   * @param directory for files and the output of all programs
   */
  static UnmatchedNetwork start(Path directory, Plan plan, Launcher launcher)
      throws OsException, IOException {
    Emulation emulation = Emulation.start(topology(), Emulation.Options.defaults(directory));
    UnmatchedNetwork network = new UnmatchedNetwork(directory, plan, emulation, launcher);
    try {
      network.startServers();
      for (Host host : Host.values()) {
        network.publish(host);
      }
      return network;
    } catch (OsException | IOException | RuntimeException e) {
      emulation.close();
      throw e;
    }
  }

  private static Topology topology() {
    Topology.Builder builder = Topology.builder("unmatched").router(CORE);
    int at = 0;
    for (Host host : Host.values()) {
      builder.router(host.word());
      link(builder, host.word(), "192.0.2.", CORE, at);
      builder.host(host.inside());
      link(builder, host.inside(), "172.16.0.", host.word(), at++);
    }
    at = 0;
    for (String node : List.of(SERVER, MATCHED, EXIT, OUTSIDE)) {
      builder.host(node);
      link(builder, node, "198.51.100.", CORE, at++);
    }
    return builder.build();
  }

  /** The {@code index}th network of four addresses: the hub has the first, the node the next. */
  private static void link(
      Topology.Builder builder, String node, String net, String hub, int index) {
    int base = 4 * index;
    builder.link(node, net + (base + 2) + "/30", hub, net + (base + 1) + "/30");
  }

  private void startServers() throws OsException, IOException {
    Path files = Files.createDirectories(directory.resolve("www"));
    Files.writeString(files.resolve("index.html"), "served\n", UTF_8);
    List<String> webs = new ArrayList<>(List.of(SERVER, MATCHED));
    Arrays.stream(Host.values()).forEach(host -> webs.add(host.inside()));
    for (String name : webs) {
      Servers.web(emulation.node(name), directory.resolve(name), files, List.of(WEB_PORT));
    }
    Traffic.serve(emulation.node(SERVER), READY);
    List<String> options =
        List.of("--listen", "" + ENTRY_PORT, "--allow", node(Host.LOADED).address());
    launcher.run(emulation.node(EXIT), EXIT, directory.resolve("exit.sock"), options);
    for (Node node : emulation.nodes()) {
      runner(node).check(List.of("sysctl", "-q", "-w", NO_MEMORY), "");
    }
  }

  /** As container engines publish ports: DNAT on the way in, masquerade on the way out. */
  private void publish(Host host) throws OsException {
    String inside = emulation.node(host.inside()).address();
    runner(node(host))
        .check(
            List.of("nft", "-f", "-"),
            """
            table ip published {
              chain in {
                type nat hook prerouting priority dstnat;
                iifname "eth0" tcp dport %1$d dnat to %2$s:%3$d
              }
              chain out {
                type nat hook postrouting priority srcnat;
                oifname "eth0" ip saddr %2$s masquerade
              }
            }
            """
                .formatted(PUBLISHED_PORT, inside, WEB_PORT));
  }

  /**
   * Starts the client with one rule of each kind (IPv4, IPv6, name), gives it all the others, and
   * sees that they are in force.
   */
  Round.Statements load() throws OsException, IOException {
    Path state = directory.resolve("state");
    Node host = node(Host.LOADED);
    writeRules(state, 2, 1);
    List<String> options = List.of("--state", state.toString());
    launcher.run(host, "client", control(), options);
    int few = statements();
    writeRules(state, plan.ofEachKind(), plan.ofEachKind());
    String script = launcher.script().toString();
    CommandRunner.Result reloaded =
        host.exec(SOON, script, "client", "reload", "--control", control().toString());
    if (!reloaded.ok()) {
      throw new OsException("oasis client reload: " + reloaded.err().strip());
    }
    requireRules();
    return new Round.Statements(few, statements());
  }

  private void writeRules(Path state, int prefixes, int names) throws IOException {
    String overlay = "udp://" + emulation.node(EXIT).address() + ":" + ENTRY_PORT;
    String matched = emulation.node(MATCHED).address() + "/32";
    RuleFile.write(state, overlay, matched, prefixes, names, plan.seed());
  }

  private Path control() {
    return directory.resolve("client.sock");
  }

  /** The client has them all, and what one of them matches goes by the overlay, nothing else. */
  private void requireRules() throws OsException, IOException {
    String listed =
        new String(new ControlClient(control(), "client").get("/v1/rules").body(), UTF_8);
    int rules = listed.split("\"number\"", -1).length - 1;
    if (rules != 2 * plan.ofEachKind()) {
      throw new OsException("the client has " + rules + " rules");
    }
    String exit = emulation.node(EXIT).address();
    String seen = "";
    for (int i = 0; i < TRIES && !seen.equals(exit); i++) {
      Pause.ms(PAUSE_MS);
      seen = peer(emulation.node(MATCHED).address());
    }
    String plain = peer(server());
    if (!seen.equals(exit) || !plain.equals(node(Host.LOADED).address())) {
      throw new OsException("servers saw " + seen + " by the rule and " + plain + " without");
    }
  }

  /** Whom a web server sees when the loaded host asks it. */
  private String peer(String address) throws OsException {
    List<String> curl = List.of("curl", "-sS", "-m", "5", "-o", "/dev/null");
    List<String> argv = new ArrayList<>(curl);
    argv.addAll(List.of("-w", "%header{x-peer}", "http://" + address + "/"));
    return runner(node(Host.LOADED)).run(argv, "").out().strip();
  }

  /** Statements of the client's table: every line with a handle that is no table, chain or set. */
  private int statements() throws OsException {
    String table = runner(node(Host.LOADED)).check("nft", "-a", "list", "table", "inet", "oasis");
    return (int)
        table
            .lines()
            .map(String::strip)
            .filter(line -> line.matches(".* # handle [0-9]+"))
            .filter(line -> !line.matches("(table|chain|set|map) .*"))
            .count();
  }

  /** What the loaded host's TUN device has carried or dropped, both ways. */
  long tunPkts() throws OsException {
    String folder = "/sys/class/net/oas0/statistics/";
    List<String> argv = new ArrayList<>(List.of("cat"));
    for (String way : List.of("rx_", "tx_")) {
      argv.addAll(List.of(folder + way + "packets", folder + way + "dropped"));
    }
    return runner(node(Host.LOADED)).check(argv, "").lines().mapToLong(Long::parseLong).sum();
  }

  /** Whether the published server of the loaded host answers somebody outside. */
  boolean published() throws OsException {
    String url = "http://" + node(Host.LOADED).address() + ":" + PUBLISHED_PORT + "/";
    CommandRunner.Result result =
        runner(emulation.node(OUTSIDE)).run(List.of("curl", "-sSf", "-m", "5", url), "");
    return result.ok() && result.out().equals("served\n");
  }

  Node node(Host host) {
    return emulation.node(host.word());
  }

  /** The address of the server that no rule matches. */
  String server() {
    return emulation.node(SERVER).address();
  }

  private static LinuxCommandRunner runner(Node node) {
    return LinuxCommandRunner.inNamespace(node.namespace());
  }

  /** The names of all namespaces. */
  List<String> namespaces() {
    return emulation.nodes().stream().map(Node::namespace).toList();
  }

  @Override
  public void close() {
    emulation.close();
  }
}
