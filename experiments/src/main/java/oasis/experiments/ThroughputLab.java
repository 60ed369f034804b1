// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.emulator.Emulation;
import oasis.emulator.Launcher;
import oasis.emulator.Node;
import oasis.emulator.Program;
import oasis.emulator.Topology;
import oasis.os.CommandRunner;
import oasis.os.OsException;

/**
 * The network in which throughput is measured: client, router, exit and server in a chain of
 * unshaped links. The server's port {@link #DIRECT_PORT} is reached by plain routing through all
 * hosts, port {@link #OVERLAY_PORT} by a header rule through client and exit node.
 */
final class ThroughputLab implements AutoCloseable {
  static final int DIRECT_PORT = 5201;
  static final int OVERLAY_PORT = 5202;

  private static final String CLIENT = "192.0.2.2";
  private static final String EXIT = "198.51.100.2";
  private static final String SERVER = "203.0.113.2";
  private static final int ENTRY_PORT = 4700;
  private static final int RULES = 100;
  private static final Pattern RESIDENT = Pattern.compile("VmRSS:\\s+([0-9]+) kB");

  private final Emulation emulation;
  private final ObjectMapper json = new ObjectMapper();
  private final Program exit;
  private final Program client;

  /** Builds the network and starts servers, exit node and client. */
  ThroughputLab(Path directory) throws OsException {
    Topology topology =
        Topology.builder("throughput")
            .host("client")
            .router("router")
            .router("exit")
            .host("server")
            .link("client", CLIENT + "/24", "router", "192.0.2.1/24")
            .link("router", "198.51.100.1/24", "exit", EXIT + "/24")
            .link("exit", "203.0.113.1/24", "server", SERVER + "/24")
            .build();
    emulation = Emulation.start(topology, Emulation.Options.defaults(directory));
    try {
      for (int port : new int[] {DIRECT_PORT, OVERLAY_PORT}) {
        emulation
            .node("server")
            .start("iperf3", "--server", "--forceflush", "--port", Integer.toString(port))
            .awaitLine("Server listening", Duration.ofSeconds(10));
      }
      Launcher launcher = Launcher.ofThisProcess();
      exit =
          launcher.run(
              emulation.node("exit"),
              "exit",
              directory.resolve("exit.sock"),
              List.of("--listen", Integer.toString(ENTRY_PORT), "--allow", CLIENT + "/32"));
      client =
          launcher.run(
              emulation.node("client"),
              "client",
              directory.resolve("client.sock"),
              options(directory));
      // The carrier serves from the answer to its first probe on.
      Thread.sleep(500);
    } catch (InterruptedException e) {
      emulation.close();
      Thread.currentThread().interrupt();
      throw new OsException("interrupted", e);
    } catch (OsException | RuntimeException e) {
      emulation.close();
      throw e;
    }
  }

  private static List<String> options(Path directory) {
    List<String> options = new ArrayList<>();
    options.addAll(List.of("--state", directory.resolve("state").toString()));
    options.addAll(List.of("--overlay", "lab=udp://" + EXIT + ":" + ENTRY_PORT));
    // The rule that counts comes last.
    for (int i = 1; i < RULES; i++) {
      options.addAll(List.of("--rule", "tcp dport " + (20_000 + i) + " lab"));
    }
    options.addAll(List.of("--rule", "tcp dport " + OVERLAY_PORT + " lab"));
    return options;
  }

  /**
   * Sets what crosses the links.
   *
   * @param superpackets true for offloads as the kernel sets them, so that bursts of 64 KiB cross
   *     the "wire"; false for packets of at most 1,500 bytes and GRO at the receivers, as with a
   *     real network card
   */
  void offloads(boolean superpackets) throws OsException {
    String sends = superpackets ? "on" : "off";
    String merges = superpackets ? "off" : "on";
    for (Node node : emulation.nodes()) {
      for (String device : node.devices()) {
        CommandRunner.Result result =
            node.exec(
                Duration.ofSeconds(5),
                "ethtool",
                "-K",
                device,
                "tso",
                sends,
                "gso",
                sends,
                "gro",
                merges,
                "tx-udp-segmentation",
                sends);
        if (!result.ok()) {
          throw new OsException("ethtool on " + node + " " + device + ": " + result.err().strip());
        }
      }
    }
  }

  /** One TCP stream. Mbit/s at the receiver. */
  double tcp(int port, boolean up, int seconds) throws OsException {
    List<String> argv = new ArrayList<>(List.of("iperf3", "--client", SERVER, "--json"));
    argv.addAll(List.of("--port", Integer.toString(port), "--time", Integer.toString(seconds)));
    // A TUN device's routes name no congestion control: without this it would be the host's.
    argv.addAll(List.of("--congestion", "cubic"));
    if (!up) {
      argv.add("--reverse");
    }
    CommandRunner.Result result =
        emulation
            .node("client")
            .exec(Duration.ofSeconds(seconds + 15L), argv.toArray(String[]::new));
    try {
      JsonNode tree = json.readTree(result.out());
      if (tree.has("error")) {
        throw new OsException("iperf3: " + tree.path("error").asText());
      }
      return tree.path("end").path("sum_received").path("bits_per_second").asDouble() / 1e6;
    } catch (IOException e) {
      throw new OsException("iperf3 printed no JSON: " + result.err().strip(), e);
    }
  }

  /** Resident memory of the client in MiB. */
  double clientMemory() throws OsException {
    return resident(client.pid());
  }

  /** Resident memory of the exit node in MiB. */
  double exitMemory() throws OsException {
    return resident(exit.pid());
  }

  private static double resident(long pid) throws OsException {
    try {
      Matcher line = RESIDENT.matcher(Files.readString(Path.of("/proc/" + pid + "/status")));
      if (!line.find()) {
        throw new OsException("process " + pid + " has no resident memory");
      }
      return Long.parseLong(line.group(1)) / 1024.0;
    } catch (IOException e) {
      throw new OsException("process " + pid + " has ended", e);
    }
  }

  @Override
  public void close() {
    client.stop(Duration.ofSeconds(5));
    exit.stop(Duration.ofSeconds(5));
    emulation.close();
  }
}
