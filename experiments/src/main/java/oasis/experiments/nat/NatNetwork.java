// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.nat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import oasis.emulator.Emulation;
import oasis.emulator.Launcher;
import oasis.emulator.Node;
import oasis.emulator.Topology;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;
import oasis.os.linux.Netns;

/** Client, router, exit and server in a chain; the exit translates in one way or another. */
final class NatNetwork implements AutoCloseable {
  private static final String ENTRY_PORT = "4700";
  private static final String SERVER = "203.0.113.2";
  private static final String OUTSIDE = "203.0.113.1";
  private static final int SERVER_PORT = 8000;

  private static final String MASQUERADE =
      """
      table ip nat {
        chain out { type nat hook postrouting priority srcnat; oifname "eth1" masquerade; }
      }
      """;

  private final Emulation emulation;
  private final Greeter greeter;

  private NatNetwork(Emulation emulation, Greeter greeter) {
    this.emulation = emulation;
    this.greeter = greeter;
  }

  /** Builds it, and starts what the way needs. */
  static NatNetwork start(Way way, Path directory, Launcher launcher)
      throws OsException, IOException {
    Files.createDirectories(directory);
    boolean routed = way == Way.MASQUERADE;
    Topology.Builder topology = Topology.builder("nat").host("client").router("router");
    if (routed) {
      topology.router("exit");
    } else {
      topology.host("exit");
    }
    topology
        .host("server")
        .link("client", "192.0.2.2/24", "router", "192.0.2.1/24")
        .link("router", "198.51.100.1/24", "exit", "198.51.100.2/24")
        .link("exit", OUTSIDE + "/24", "server", SERVER + "/24");
    Emulation emulation = Emulation.start(topology.build(), Emulation.Options.defaults(directory));
    try {
      Greeter greeter =
          Greeter.start(
              emulation.node("server").namespace(), server(), InetAddress.getByName(OUTSIDE));
      if (routed) {
        LinuxCommandRunner.inNamespace(emulation.node("exit").namespace())
            .check(List.of("nft", "-f", "-"), MASQUERADE);
      } else {
        startOverlay(way, emulation, directory, launcher);
      }
      return new NatNetwork(emulation, greeter);
    } catch (OsException | RuntimeException e) {
      emulation.close();
      throw e;
    }
  }

  private static void startOverlay(Way way, Emulation emulation, Path directory, Launcher launcher)
      throws OsException {
    Node exit = emulation.node("exit");
    Node client = emulation.node("client");
    List<String> options = new ArrayList<>(List.of("--listen", ENTRY_PORT));
    options.addAll(List.of("--allow", client.address()));
    // Not its limits are to be measured.
    options.addAll(List.of("--max-new-flows", "1000000"));
    options.addAll(List.of("--max-new-flows-per-client", "1000000"));
    options.addAll(way.options());
    launcher.run(exit, "exit", directory.resolve("exit.sock"), options);
    launcher.run(
        client,
        "client",
        directory.resolve("client.sock"),
        List.of(
            "--state",
            directory.resolve("state").toString(),
            "--overlay",
            "lab=udp://" + exit.address() + ":" + ENTRY_PORT,
            "--rule",
            "dst " + SERVER + " lab else block"));
  }

  private static InetSocketAddress server() {
    return new InetSocketAddress(SERVER, SERVER_PORT);
  }

  /** Opens connections for so long. */
  Connector.Outcome connect(int seconds) throws OsException {
    try {
      return Netns.in(
          emulation.node("client").namespace(),
          () -> {
            try (Connector connector = new Connector(server())) {
              return connector.run(Plan.AT_A_TIME, seconds);
            }
          });
    } catch (Exception e) {
      throw new OsException("the client: " + e.getMessage(), e);
    }
  }

  /** Whether all connections came from the exit's address. */
  boolean translated() {
    return !greeter.sawOthers();
  }

  /** The names of all namespaces. */
  List<String> namespaces() {
    return emulation.nodes().stream().map(Node::namespace).toList();
  }

  List<String> client() {
    return List.of(emulation.node("client").namespace());
  }

  List<String> exit() {
    return List.of(emulation.node("exit").namespace());
  }

  @Override
  public void close() {
    greeter.close();
    emulation.close();
  }
}
