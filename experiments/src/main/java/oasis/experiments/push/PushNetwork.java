// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.push;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import oasis.emulator.Emulation;
import oasis.emulator.Node;
import oasis.emulator.Servers;
import oasis.emulator.Topology;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;

/**
 * The host that pushes, a client's host, a web server, and the nodes, each behind a link of its own
 * to one router.
 */
final class PushNetwork implements AutoCloseable {
  static final String WEB = "203.0.113.2";

  /** Ports of the web server: two that a client sends by overlays, and one that it does not. */
  static final List<Integer> WEB_PORTS = List.of(80, 8080, 8081);

  static final int ENTRY_PORT = 4700;
  static final String FILE = "file";
  private static final int FILE_BYTES = 5_000_000;
  private static final String PUSHER = "pusher";
  private static final String CLIENT = "client";
  private static final String ROUTER = "router";
  private static final String SERVER = "web";

  private final Emulation emulation;
  private final Path shared;
  private final List<PushNode> nodes;

  private PushNetwork(Emulation emulation, Path shared, List<PushNode> nodes) {
    this.emulation = emulation;
    this.shared = shared;
    this.nodes = nodes;
  }

  /**
   * Builds it and starts the servers.
   *
   * @param directory for all files; made if missing
   * @param random puts the nodes in order
   */
  static PushNetwork start(Plan plan, Path directory, Random random)
      throws OsException, IOException {
    Files.createDirectories(directory);
    Emulation emulation =
        Emulation.start(
            topology(plan.names()), Emulation.Options.defaults(directory.resolve("output")));
    try {
      PushNetwork network =
          new PushNetwork(emulation, directory, nodes(plan, emulation, directory, random));
      network.startServers(random);
      return network;
    } catch (OsException | IOException | RuntimeException e) {
      emulation.close();
      throw e;
    }
  }

  private static Topology topology(List<String> names) {
    Topology.Builder builder =
        Topology.builder("slice-push")
            .host(PUSHER)
            .router(ROUTER)
            .host(CLIENT)
            .host(SERVER)
            .link(PUSHER, "192.0.2.2/25", ROUTER, "192.0.2.1/25")
            .link(CLIENT, "192.0.2.130/25", ROUTER, "192.0.2.129/25")
            .link(SERVER, WEB + "/24", ROUTER, "203.0.113.1/24");
    for (int i = 0; i < names.size(); i++) {
      String net = "198.51.100.";
      builder.host(names.get(i));
      builder.link(names.get(i), net + (4 * i + 2) + "/30", ROUTER, net + (4 * i + 1) + "/30");
    }
    return builder.build();
  }

  private static List<PushNode> nodes(
      Plan plan, Emulation emulation, Path directory, Random random) {
    List<Fault> faults = new ArrayList<>(Plan.BROKEN);
    faults.addAll(Collections.nCopies(plan.healthy(), Fault.NONE));
    Collections.shuffle(faults, random);
    List<PushNode> nodes = new ArrayList<>();
    int healthy = 0;
    for (int i = 0; i < faults.size(); i++) {
      String name = plan.names().get(i);
      // Every other healthy one is a slice: its user may open raw sockets and nothing else.
      boolean mayConfigure = faults.get(i) != Fault.NONE || healthy++ % 2 == 0;
      nodes.add(
          new PushNode(faults.get(i), mayConfigure, emulation.node(name), directory.resolve(name)));
    }
    return List.copyOf(nodes);
  }

  private void startServers(Random random) throws OsException, IOException {
    CommandRunner runner = new LinuxCommandRunner();
    PushNode.makeKey(key(), runner);
    // The machine's root may be locked, which sshd would take for a refusal.
    Files.writeString(shared.resolve("shadow"), "root:*:19000:0:99999:7:::\nsshd:!:19000::::::\n");
    StringBuilder pinned = new StringBuilder();
    StringBuilder list = new StringBuilder();
    for (PushNode node : nodes) {
      pinned.append(node.prepare(shared, runner));
      list.append(node.line());
    }
    Files.writeString(shared.resolve("nodes.known_hosts"), pinned);
    Files.writeString(list(), list);
    for (PushNode node : nodes) {
      node.start(shared);
    }
    byte[] file = new byte[FILE_BYTES];
    random.nextBytes(file);
    Files.write(Files.createDirectories(shared.resolve("www")).resolve(FILE), file);
    Servers.web(emulation.node(SERVER), shared.resolve("web"), shared.resolve("www"), WEB_PORTS);
  }

  /** The private key that all nodes take. */
  Path key() {
    return shared.resolve("user-key");
  }

  /** The list of nodes for the script, with their keys beside it. */
  Path list() {
    return shared.resolve("nodes");
  }

  /** What the web server has. */
  Path original() {
    return shared.resolve("www").resolve(FILE);
  }

  Path directory() {
    return shared;
  }

  List<PushNode> nodes() {
    return nodes;
  }

  List<PushNode> healthy() {
    return nodes.stream().filter(node -> node.fault() == Fault.NONE).toList();
  }

  Node pusher() {
    return emulation.node(PUSHER);
  }

  Node client() {
    return emulation.node(CLIENT);
  }

  /** Where each node's clients send to. */
  Map<String, InetSocketAddress> entries() {
    Map<String, InetSocketAddress> entries = new LinkedHashMap<>();
    nodes.forEach(
        node -> entries.put(node.name(), new InetSocketAddress(node.node().address(), ENTRY_PORT)));
    return entries;
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
