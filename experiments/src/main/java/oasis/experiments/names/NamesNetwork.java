// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.names;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import oasis.emulator.Emulation;
import oasis.emulator.Launcher;
import oasis.emulator.Node;
import oasis.emulator.Topology;
import oasis.experiments.jmh.NameRules;
import oasis.experiments.measure.Processes;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;
import oasis.rules.Rule;

/**
 * The network of the experiment: the hosts, an exit node and a DNS server around one router, all at
 * the speed of the machine. The server is nsd, which gives every name of the Internet one address.
 */
final class NamesNetwork implements AutoCloseable {
  /** The address that every name has. */
  static final String GENUINE = "203.0.113.80";

  private static final String ROUTER = "router";
  private static final String EXIT = "exit";
  private static final String DNS = "dns";
  private static final String DNS_ADDRESS = "198.51.100.6";
  private static final String HOSTS = "192.0.2.";
  private static final String SERVICES = "198.51.100.";
  private static final int ENTRY_PORT = 4700;

  /** Wider than the usual one: names do not repeat, and each that matches takes an address. */
  private static final String FAKE_RANGE = "10.64.0.0/12";

  private static final Duration READY = Duration.ofSeconds(20);

  /** A cold virtual machine needs some seconds for 100,000 of them. */
  private static final Duration READY_WITH_RULES = Duration.ofSeconds(60);

  private final Path directory;
  private final Emulation emulation;
  private final Map<Host, NameRules> rules = new EnumMap<>(Host.class);

  private NamesNetwork(Path directory, Emulation emulation, long seed) {
    this.directory = directory;
    this.emulation = emulation;
    SplittableRandom random = new SplittableRandom(seed);
    for (Host host : Host.values()) {
      rules.put(host, new NameRules(Math.max(1, host.rules()), random.nextLong()));
    }
  }

  /**
   * Builds it and starts everything; returns when the clients are ready.
   *
   * @param directory for files and the output of all programs
   * @param seed of rules and names
   * @param launcher starts clients and exit node
   */
  static NamesNetwork start(Path directory, long seed, Launcher launcher)
      throws OsException, IOException {
    Emulation emulation = Emulation.start(topology(), Emulation.Options.defaults(directory));
    try {
      NamesNetwork network = new NamesNetwork(directory, emulation, seed);
      network.startServer();
      network.startOasis(launcher);
      return network;
    } catch (OsException | IOException | RuntimeException e) {
      emulation.close();
      throw e;
    }
  }

  private static Topology topology() {
    Topology.Builder builder = Topology.builder("names").router(ROUTER);
    int at = 0;
    for (Host host : Host.values()) {
      builder.host(host.word(), DNS_ADDRESS);
      link(builder, host.word(), HOSTS, at++);
    }
    builder.host(EXIT);
    link(builder, EXIT, SERVICES, 0);
    builder.host(DNS);
    link(builder, DNS, SERVICES, 1);
    return builder.build();
  }

  /** The {@code index}th network of four addresses: the router has the first, the node the next. */
  private static void link(Topology.Builder builder, String node, String net, int index) {
    int base = 4 * index;
    builder.link(node, net + (base + 2) + "/30", ROUTER, net + (base + 1) + "/30");
  }

  private void startServer() throws OsException, IOException {
    Path folder = Files.createDirectories(directory.resolve("nsd"));
    Path zone = folder.resolve("root.zone");
    Files.writeString(
        zone,
        """
        $TTL 300
        . IN SOA ns.test. host.test. 1 3600 600 86400 60
        . IN NS ns.test.
        *. IN A %s
        """
            .formatted(GENUINE));
    Path configuration = folder.resolve("nsd.conf");
    Files.writeString(
        configuration,
        """
        server:
          ip-address: %1$s
          do-ip6: no
          server-count: 1
          username: ""
          chroot: ""
          zonesdir: "%2$s"
          pidfile: "%2$s/nsd.pid"
          xfrdfile: "%2$s/xfrd.state"
          xfrdir: "%2$s"
          zonelistfile: "%2$s/zone.list"
          database: ""
          rrl-ratelimit: 0
          rrl-whitelist-ratelimit: 0
        remote-control:
          control-enable: no
        zone:
          name: "."
          zonefile: "%3$s"
        """
            .formatted(DNS_ADDRESS, folder, zone));
    emulation
        .node(DNS)
        .start("nsd", "-d", "-V", "1", "-c", configuration.toString())
        .awaitLine("nsd started", READY);
  }

  private void startOasis(Launcher launcher) throws OsException, IOException {
    List<String> options = new ArrayList<>();
    options.addAll(List.of("--listen", Integer.toString(ENTRY_PORT)));
    for (Host host : Host.values()) {
      if (host.hasClient()) {
        options.addAll(List.of("--allow", node(host).address()));
      }
    }
    launcher.run(emulation.node(EXIT), EXIT, directory.resolve("exit.sock"), options);
    for (Host host : Host.values()) {
      if (host.hasClient()) {
        node(host)
            .start(launcher.command("client", control(host), clientOptions(host)))
            .awaitLine("Ready", READY_WITH_RULES);
      }
    }
  }

  private Path control(Host host) {
    return directory.resolve(host.word() + ".sock");
  }

  private List<String> clientOptions(Host host) throws IOException {
    Path state = Files.createDirectories(directory.resolve("state-" + host.word()));
    Files.writeString(state.resolve("client.xml"), configuration(host));
    List<String> options = new ArrayList<>();
    options.addAll(List.of("--state", state.toString(), "--fake-range", FAKE_RANGE));
    if (host == Host.MEDIATED) {
      options.add("--mediate");
    }
    return options;
  }

  private String configuration(Host host) {
    StringBuilder xml = new StringBuilder("<client xmlns=\"urn:oasis:client:1\">\n");
    xml.append("  <overlay name=\"ron\" url=\"udp://");
    xml.append(emulation.node(EXIT).address()).append(':').append(ENTRY_PORT).append("\"/>\n");
    for (Rule rule : rulesOf(host).rules()) {
      String text = rule.toString().replace("&", "&amp;").replace("<", "&lt;");
      xml.append("  <rule>").append(text).append("</rule>\n");
    }
    return xml.append("</client>\n").toString();
  }

  private NameRules rulesOf(Host host) {
    return Objects.requireNonNull(rules.get(host));
  }

  /** Names that this host has not looked up yet; its rules match every other one. */
  List<String> names(Host host, int count) {
    return rulesOf(host).names(count);
  }

  /** Whether an address is a fake one. */
  static boolean isFake(String address) {
    return address.startsWith("10.");
  }

  /** Runs a program on a host to its end. */
  CommandRunner.Result run(Host host, String... argv) throws OsException {
    return LinuxCommandRunner.inNamespace(node(host).namespace()).run(List.of(argv), "");
  }

  /** The address of the DNS server. */
  String server() {
    return DNS_ADDRESS;
  }

  /** A folder for files of the programs that look up. */
  Path directory() {
    return directory;
  }

  private Node node(Host host) {
    return emulation.node(host.word());
  }

  /** Resident memory of a host's client and its supervisor, KiB. */
  long memoryKib(Host host) throws OsException {
    return Processes.memoryKib(Processes.in(List.of(node(host).namespace())), "VmRSS");
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
