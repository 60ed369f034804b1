// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import oasis.emulator.Emulation;
import oasis.emulator.Node;
import oasis.emulator.Topology;
import oasis.experiments.measure.Pause;
import oasis.experiments.measure.Traffic;
import oasis.link.LinkSettings;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;

/**
 * The network in which one path is measured: client, router, exit and server in a chain of plain
 * veth pairs. Each visit to a path gets a new one, so that no path finds what another has left: TCP
 * metrics, connection tracking, rules, processes.
 */
final class Lab implements AutoCloseable {
  static final String CLIENT = "192.0.2.2";
  static final String EXIT = "198.51.100.2";
  static final String SERVER = "203.0.113.2";

  static final String CLIENT6 = "2001:db8:1::2";
  static final String EXIT6 = "2001:db8:2::2";
  static final String SERVER6 = "2001:db8:3::2";

  /** Ends of a tunnel that is not ours; ours gives no addresses to its ends. */
  static final String TUNNEL_CLIENT = "10.77.0.1";

  static final String TUNNEL_EXIT = "10.77.0.2";

  /** The device that a peer's script makes at both ends. */
  static final String PEER_DEVICE = "peer0";

  /** MTU inside the tunnels: 1,400 bytes of UDP payload with both headers, and a little room. */
  static final int TUNNEL_MTU = 1430;

  private static final Duration SHORT = Duration.ofSeconds(10);
  private static final int ALIVE_TRIES = 60;

  private final Emulation emulation;
  private final Path directory;

  /**
   * Builds it.
   *
   * @param directory for the output of the programs
   * @param ipv6 whether the links carry IPv6, too; if not, the kernel has it off
   */
  Lab(Path directory, boolean ipv6) throws OsException {
    this.directory = directory;
    Topology topology =
        Topology.builder("throughput")
            .host("client")
            .router("router")
            .router("exit")
            .host("server")
            .link(
                end("client", CLIENT, CLIENT6, ipv6),
                end("router", "192.0.2.1", "2001:db8:1::1", ipv6))
            .link(
                end("router", "198.51.100.1", "2001:db8:2::1", ipv6),
                end("exit", EXIT, EXIT6, ipv6))
            .link(
                end("exit", "203.0.113.1", "2001:db8:3::1", ipv6),
                end("server", SERVER, SERVER6, ipv6))
            .build();
    emulation = Emulation.start(topology, Emulation.Options.defaults(directory));
  }

  private static Topology.End end(String node, String address, String address6, boolean ipv6) {
    return ipv6
        ? Topology.End.of(node, address + "/24", address6 + "/64", LinkSettings.UNSHAPED)
        : Topology.End.of(node, address + "/24", LinkSettings.UNSHAPED);
  }

  /** Where the output of its programs is. */
  Path directory() {
    return directory;
  }

  Node client() {
    return emulation.node("client");
  }

  Node exit() {
    return emulation.node("exit");
  }

  Node server() {
    return emulation.node("server");
  }

  /** The names of its namespaces. */
  List<String> namespaces() {
    return emulation.nodes().stream().map(Node::namespace).toList();
  }

  /** Sets what may cross the links. */
  void offloads(Mode mode) throws OsException {
    for (Node node : emulation.nodes()) {
      for (String device : node.devices()) {
        List<String> command = new ArrayList<>(List.of("ethtool", "-K", device));
        command.addAll(mode.ethtool());
        run(node, command, "");
      }
    }
  }

  /** Runs a command of the operating system in a node; it has to succeed. */
  String run(Node node, List<String> command, String input) throws OsException {
    return LinuxCommandRunner.inNamespace(node.namespace()).check(command, input);
  }

  /** Starts iperf3's server. */
  void startServer() throws OsException {
    Traffic.serve(server(), SHORT);
  }

  /** Waits until the server answers to a ping of the client. */
  void awaitAlive(String address) throws OsException {
    CommandRunner runner = LinuxCommandRunner.inNamespace(client().namespace());
    List<String> ping = List.of("ping", "-c", "1", "-W", "1", "-q", address);
    for (int i = 0; i < ALIVE_TRIES; i++) {
      if (runner.run(ping, "").ok()) {
        return;
      }
      Pause.ms(100);
    }
    throw new OsException("no answer to " + ALIVE_TRIES + " pings");
  }

  @Override
  public void close() {
    emulation.close();
  }
}
