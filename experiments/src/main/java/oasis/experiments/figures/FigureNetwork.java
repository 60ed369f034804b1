// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import oasis.emulator.Cores;
import oasis.emulator.Emulation;
import oasis.emulator.Launcher;
import oasis.emulator.Node;
import oasis.emulator.Servers;
import oasis.emulator.Topology;
import oasis.experiments.measure.Pause;
import oasis.experiments.measure.Processes;
import oasis.experiments.measure.Traffic;
import oasis.link.LinkSettings;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;

/**
 * The network of a figure: a host for each set-up, an exit node, a DNS server and the destinations
 * around one router. The hosts differ in nothing but what runs on them.
 */
final class FigureNetwork implements AutoCloseable {
  private static final String EXIT = "exit";
  private static final String DNS = "dns";
  private static final String ROUTER = "router";
  private static final String DNS_ADDRESS = "198.51.100.6";
  private static final String HOSTS = "192.0.2.";
  private static final String SERVICES = "198.51.100.";
  private static final String SITES = "203.0.113.";
  private static final int WEB_PORT = 80;
  private static final int ENTRY_PORT = 4700;
  private static final int WARM_UP_PINGS = 2000;

  private static final Duration READY = Duration.ofSeconds(20);
  private static final int WAY_TRIES = 50;
  private static final long WAY_PAUSE_MS = 200;

  /** Nobody remembers what a connection before has found out. */
  private static final String NO_MEMORY = "net.ipv4.tcp_no_metrics_save=1";

  private final Path directory;
  private final List<Destination> destinations;
  private final Emulation emulation;

  private FigureNetwork(Path directory, List<Destination> destinations, Emulation emulation) {
    this.directory = directory;
    this.destinations = List.copyOf(destinations);
    this.emulation = emulation;
  }

  /**
   * Builds it and starts everything; returns when all hosts' packets go the way they should.
   *
   * @param directory for files and the output of all programs
   * @param launcher starts client and exit node
   */
  static FigureNetwork start(Path directory, Plan plan, Launcher launcher)
      throws OsException, IOException {
    List<Destination> destinations = plan.destinations();
    Topology topology = topology(destinations, ownCores(plan.figure()));
    Emulation emulation = Emulation.start(topology, Emulation.Options.defaults(directory));
    FigureNetwork network = new FigureNetwork(directory, destinations, emulation);
    try {
      network.startServers();
      network.startOasis(launcher);
      for (Setup setup : Setup.values()) {
        network.awaitWay(setup);
      }
      return network;
    } catch (OsException | IOException | RuntimeException e) {
      emulation.close();
      throw e;
    }
  }

  /**
   * How many cores the hosts have to themselves, beside as many for all other nodes; 0 when all
   * share all. They have some where CPU time is measured: else a client's system call would do the
   * work of the router and of who receives the packet, too, which another machine does elsewhere.
   */
  static int ownCores(PaperFigure figure) {
    return figure.isLoad() ? Runtime.getRuntime().availableProcessors() / 2 : 0;
  }

  private static Topology topology(List<Destination> destinations, int ownCores) {
    Topology.Builder builder = Topology.builder("figures");
    if (ownCores > 0) {
      builder.cores(Cores.range(0, ownCores - 1));
    }
    int at = 0;
    for (Setup setup : Setup.values()) {
      builder.host(setup.word(), DNS_ADDRESS);
      link(builder, setup.word(), HOSTS, at++, LinkSettings.UNSHAPED);
    }
    if (ownCores > 0) {
      builder.cores(Cores.range(ownCores, Runtime.getRuntime().availableProcessors() - 1));
    }
    builder.router(ROUTER).host(EXIT).host(DNS);
    link(builder, EXIT, SERVICES, 0, LinkSettings.UNSHAPED);
    link(builder, DNS, SERVICES, 1, LinkSettings.UNSHAPED);
    for (int i = 0; i < destinations.size(); i++) {
      Destination destination = destinations.get(i);
      builder.host(destination.name());
      LinkSettings settings =
          destination.rttNs() == 0
              ? LinkSettings.UNSHAPED
              : LinkSettings.delay(destination.rttNs() / 2).withRate(Plan.BITS_PER_SECOND);
      link(builder, destination.name(), SITES, i, settings);
    }
    return builder.build();
  }

  /** The {@code index}th network of four addresses: the router has the first, the node the next. */
  private static void link(
      Topology.Builder builder, String node, String net, int index, LinkSettings settings) {
    int base = 4 * index;
    builder.link(node, net + (base + 2) + "/30", ROUTER, net + (base + 1) + "/30", settings);
  }

  private void startServers() throws OsException, IOException {
    Path files = Files.createDirectories(directory.resolve("www"));
    for (int bytes : List.of(Plan.SHORT_BYTES, Plan.LONG_BYTES)) {
      try (RandomAccessFile file =
          new RandomAccessFile(files.resolve(file(bytes)).toFile(), "rw")) {
        file.setLength(bytes);
      }
    }
    List<String> names = new ArrayList<>();
    for (Destination destination : destinations) {
      Node node = emulation.node(destination.name());
      names.add(destination.host() + "," + node.address());
      Servers.web(node, directory.resolve(destination.name()), files, List.of(WEB_PORT));
      if (destination.rttNs() == 0) {
        Traffic.serve(node, READY);
      }
    }
    Servers.dns(emulation.node(DNS), directory, "edu", names);
    for (Node node : emulation.nodes()) {
      LinuxCommandRunner.inNamespace(node.namespace())
          .check(List.of("sysctl", "-q", "-w", NO_MEMORY), "");
    }
  }

  private void startOasis(Launcher launcher) throws OsException {
    List<String> options = new ArrayList<>();
    options.addAll(List.of("--listen", Integer.toString(ENTRY_PORT)));
    options.addAll(List.of("--allow", node(Setup.OVERLAY).address()));
    options.addAll(List.of("--allow", node(Setup.MEDIATED).address()));
    launcher.run(emulation.node(EXIT), EXIT, directory.resolve("exit.sock"), options);
    for (Setup setup : Setup.values()) {
      if (setup.hasClient()) {
        Path control = directory.resolve(setup.word() + ".sock");
        launcher.run(node(setup), "client", control, clientOptions(setup));
      }
    }
  }

  private List<String> clientOptions(Setup setup) {
    List<String> options = new ArrayList<>();
    options.addAll(List.of("--state", directory.resolve("state-" + setup.word()).toString()));
    String entry = emulation.node(EXIT).address() + ":" + ENTRY_PORT;
    options.addAll(List.of("--overlay", "dummy=udp://" + entry, "--rule", "name:*.edu dummy"));
    if (setup == Setup.MEDIATED) {
      options.add("--mediate");
    }
    return options;
  }

  private void awaitWay(Setup setup) throws OsException {
    Transfers transfers = new Transfers(this, Plan.SHORT_BYTES, 1);
    OsException last = new OsException("never tried");
    for (int i = 0; i < WAY_TRIES; i++) {
      try {
        transfers.measure(setup, nearest());
        return;
      } catch (OsException e) {
        last = e;
      }
      Pause.ms(WAY_PAUSE_MS);
    }
    throw new OsException(setup.title() + ": " + last.getMessage(), last);
  }

  /**
   * Refuses a connection that came by another way than that of its host.
   *
   * @param peer address that the server saw
   * @param port port that the server saw
   */
  void requireWay(Setup setup, String peer, int port) throws OsException {
    String own = node(setup).address();
    boolean right =
        switch (setup) {
          case DIRECT, NULL -> peer.equals(own) && port < Traffic.FIRST_NAT_PORT;
          case MEDIATED -> peer.equals(own) && port >= Traffic.FIRST_NAT_PORT;
          case OVERLAY -> peer.equals(emulation.node(EXIT).address());
        };
    if (!right) {
      throw new OsException("the server saw " + setup.title() + " as " + peer + " port " + port);
    }
  }

  /** Lets a client carry enough packets to be compiled. */
  void warmUp(Setup setup) throws OsException {
    if (setup.hasClient()) {
      new Traffic(node(setup), host(nearest())).ping(WARM_UP_PINGS);
    }
  }

  /** The file of so many bytes that every destination serves. */
  static String file(int bytes) {
    return bytes + ".bin";
  }

  Node node(Setup setup) {
    return emulation.node(setup.word());
  }

  /** The destination with the shortest way. */
  String nearest() {
    return destinations.stream()
        .min(Comparator.comparingLong(Destination::rttNs))
        .orElseThrow()
        .name();
  }

  /** A destination's name for DNS. */
  String host(String destination) {
    return new Destination(destination, 0).host();
  }

  /** The processes of the client on a host; none where there is no client. */
  List<Integer> clientProcesses(Setup setup) throws OsException {
    return Processes.in(List.of(node(setup).namespace()));
  }

  /** Runs a program on a host to its end. */
  CommandRunner.Result run(Setup setup, String... argv) throws OsException {
    return LinuxCommandRunner.inNamespace(node(setup).namespace()).run(List.of(argv), "");
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
