// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.queues;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import oasis.emulator.Emulation;
import oasis.emulator.Launcher;
import oasis.emulator.Node;
import oasis.emulator.Topology;
import oasis.link.LinkSettings;
import oasis.os.OsException;

/**
 * Four clients around a router, two exit nodes side by side, another router and a server behind
 * them. One exit node has a cap and classes, and a link that is faster than all that it may send;
 * the other has neither, and a link of that rate with a queue of 100 ms.
 */
final class QueuesNetwork implements AutoCloseable {
  /** The higher class. */
  static final String HIGH = "high";

  /** The lower class. */
  static final String LOW = "low";

  /** The client with one connection. */
  static final String ONE = "one";

  /** The client with many. */
  static final String MANY = "many";

  static final int EXIT_PORT = 4700;

  private static final String ACCESS = "access";
  private static final String CORE = "core";
  private static final String SERVER = "server";
  private static final String SERVER_ADDRESS = "203.0.113.2";
  private static final int FIRST_TCP_PORT = 5201;
  private static final Duration READY = Duration.ofSeconds(10);
  private static final Duration LATENESS_BUDGET = Duration.ofMillis(5);
  private static final long RATE = (long) (Plan.CAP_MBITS * 1e6);

  private final Emulation emulation;

  private QueuesNetwork(Emulation emulation) {
    this.emulation = emulation;
  }

  /**
   * Builds it and starts everything.
   *
   * @param directory for files and the output of all programs
   * @param launcher starts clients and exit nodes
   */
  static QueuesNetwork start(Path directory, Launcher launcher) throws OsException, IOException {
    Files.createDirectories(directory);
    Emulation emulation =
        Emulation.start(
            topology(),
            new Emulation.Options(directory, Emulation.STATE_DIRECTORY, LATENESS_BUDGET));
    try {
      QueuesNetwork network = new QueuesNetwork(emulation);
      network.startServers();
      for (Setup setup : Setup.values()) {
        network.startExit(setup, directory, launcher);
      }
      for (String client : List.of(ONE, MANY)) {
        network.startClient(client, directory, launcher);
      }
      return network;
    } catch (OsException | RuntimeException e) {
      emulation.close();
      throw e;
    }
  }

  private static Topology topology() {
    String classes = Setup.CLASSES.word();
    String fifo = Setup.FIFO.word();
    return Topology.builder("queues")
        .host(HIGH)
        .host(LOW)
        .host(ONE)
        .host(MANY)
        .router(ACCESS)
        .router(classes)
        .router(fifo)
        .router(CORE)
        .host(SERVER)
        .link(HIGH, "192.0.2.2/30", ACCESS, "192.0.2.1/30")
        .link(LOW, "192.0.2.6/30", ACCESS, "192.0.2.5/30")
        .link(ONE, "192.0.2.10/30", ACCESS, "192.0.2.9/30")
        .link(MANY, "192.0.2.14/30", ACCESS, "192.0.2.13/30")
        .link(classes, "198.51.100.2/30", ACCESS, "198.51.100.1/30")
        .link(fifo, "198.51.100.6/30", ACCESS, "198.51.100.5/30")
        .link(classes, "198.51.100.10/30", CORE, "198.51.100.9/30")
        .link(
            fifo,
            "198.51.100.14/30",
            CORE,
            "198.51.100.13/30",
            LinkSettings.UNSHAPED.withRate(RATE))
        .link(SERVER, SERVER_ADDRESS + "/24", CORE, "203.0.113.1/24")
        .build();
  }

  private void startServers() throws OsException {
    for (Setup setup : Setup.values()) {
      for (String client : List.of(ONE, MANY)) {
        String port = Integer.toString(tcpPort(setup, client));
        server()
            .start("iperf3", "--server", "--forceflush", "--port", port)
            .awaitLine("Server listening", READY);
      }
    }
  }

  private void startExit(Setup setup, Path directory, Launcher launcher) throws OsException {
    List<String> options = new ArrayList<>(List.of("--listen", Integer.toString(EXIT_PORT)));
    options.addAll(List.of("--allow", "192.0.2.0/24"));
    if (setup == Setup.CLASSES) {
      String cap = String.format(Locale.ROOT, "%.0fMbit/s", Plan.CAP_MBITS);
      options.addAll(List.of("--cap-out", cap, "--cap-in", cap));
      options.addAll(List.of("--class", "high priority 1 for from " + node(HIGH).address()));
      options.addAll(List.of("--class", "low priority 5 for from " + node(LOW).address()));
      options.addAll(List.of("--class", "clients priority 3"));
    }
    Path control = directory.resolve(setup.word() + ".sock");
    launcher.run(node(setup.word()), "exit", control, options);
  }

  private void startClient(String client, Path directory, Launcher launcher) throws OsException {
    List<String> options = new ArrayList<>();
    options.addAll(List.of("--state", directory.resolve(client + "-state").toString()));
    for (Setup setup : Setup.values()) {
      String url = "udp://" + exitAddress(setup) + ":" + EXIT_PORT;
      options.addAll(List.of("--overlay", setup.word() + "=" + url));
      String rule = "tcp dport " + tcpPort(setup, client) + " " + setup.word() + " else block";
      options.addAll(List.of("--rule", rule));
    }
    launcher.run(node(client), "client", directory.resolve(client + ".sock"), options);
  }

  /** A node by its name. */
  Node node(String name) {
    return emulation.node(name);
  }

  Node server() {
    return emulation.node(SERVER);
  }

  static String serverAddress() {
    return SERVER_ADDRESS;
  }

  /** Where clients reach an exit node. */
  String exitAddress(Setup setup) {
    return node(setup.word()).address();
  }

  /** The port of iperf3's server that a client talks to through an exit node. */
  static int tcpPort(Setup setup, String client) {
    return FIRST_TCP_PORT + 2 * setup.ordinal() + (client.equals(MANY) ? 1 : 0);
  }

  /** The names of all namespaces. */
  List<String> namespaces() {
    return emulation.nodes().stream().map(Node::namespace).toList();
  }

  /** Forgets what the links have done so far. */
  void forgetDoubts() {
    emulation.forgetDoubts();
  }

  /** What the links have to say against the numbers since then. */
  List<String> doubts() {
    return emulation.doubts();
  }

  @Override
  public void close() {
    emulation.close();
  }
}
