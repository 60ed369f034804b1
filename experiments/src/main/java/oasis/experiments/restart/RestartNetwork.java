// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.restart;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import oasis.emulator.Emulation;
import oasis.emulator.Launcher;
import oasis.emulator.Node;
import oasis.emulator.Program;
import oasis.emulator.Servers;
import oasis.emulator.Topology;
import oasis.experiments.measure.Pause;
import oasis.io.control.ControlClient;
import oasis.io.control.Json;
import oasis.io.control.JsonException;
import oasis.os.OsException;
import oasis.os.linux.Sys;
import org.jspecify.annotations.Nullable;

/** Client, router, exit node and web server on plain links; the exit node can be changed. */
final class RestartNetwork implements AutoCloseable {
  static final String SERVER = "203.0.113.2";
  static final String URL = "http://" + SERVER + "/file";

  private static final String ENTRY_PORT = "4700";
  private static final int SIGKILL = 9;
  private static final Duration FIRST = Duration.ofMinutes(3);
  private static final Duration SHORT = Duration.ofSeconds(10);
  private static final int OVERLAY_TRIES = 60;
  private static final long OVERLAY_PAUSE_MS = 250;
  private static final long SEED = 4700;

  private final Path directory;
  private final Launcher launcher;
  private final Emulation emulation;
  private final byte[] digest;
  private @Nullable Program exit;

  private RestartNetwork(Path directory, Launcher launcher, Emulation emulation, byte[] digest) {
    this.directory = directory;
    this.launcher = launcher;
    this.emulation = emulation;
    this.digest = digest;
  }

  /**
   * Builds it and starts client and server.
   *
   * @param directory for files and the output of all programs
   * @param launcher starts client and exit node
   */
  static RestartNetwork start(Path directory, Launcher launcher) throws OsException, IOException {
    Files.createDirectories(directory);
    Path www = Files.createDirectories(directory.resolve("www"));
    byte[] content = new byte[Plan.BYTES];
    new SplittableRandom(SEED).nextBytes(content);
    Path file = Files.write(www.resolve("file"), content);
    Files.writeString(www.resolve("small"), "it works\n");
    Emulation emulation = Emulation.start(topology(), Emulation.Options.defaults(directory));
    try {
      RestartNetwork network =
          new RestartNetwork(directory, launcher, emulation, Curls.sha256(file));
      keepLittleUnderway(emulation);
      Servers.web(emulation.node("server"), directory.resolve("web"), www, List.of(80));
      network.prepareLauncher();
      network.startClient();
      return network;
    } catch (OsException | IOException | RuntimeException e) {
      emulation.close();
      throw e;
    }
  }

  /**
   * Small socket buffers: in large ones all of a download would wait for a slow program, and its
   * connection be over long before the program is done.
   */
  private static void keepLittleUnderway(Emulation emulation) throws OsException {
    for (String node : List.of("client", "server")) {
      for (String buffer : List.of("rmem", "wmem")) {
        String setting = "net.ipv4.tcp_" + buffer + "=4096 65536 131072";
        emulation.node(node).exec(SHORT, "sysctl", "-qw", setting);
      }
    }
  }

  private static Topology topology() {
    return Topology.builder("exit-restart")
        .host("client")
        .router("router")
        .host("exit")
        .host("server")
        .link("client", "192.0.2.2/24", "router", "192.0.2.1/24")
        .link("exit", "198.51.100.2/24", "router", "198.51.100.1/24")
        .link("server", SERVER + "/24", "router", "203.0.113.1/24")
        .build();
  }

  /** The first start of a build takes its time; it is not what is to be watched. */
  private void prepareLauncher() throws OsException {
    for (String word : List.of("client", "exit")) {
      client().exec(FIRST, launcher.script().toString(), word, "--version");
    }
  }

  private void startClient() throws OsException {
    List<String> options = new ArrayList<>();
    options.addAll(List.of("--state", directory.resolve("state").toString()));
    options.addAll(List.of("--overlay", "ron=udp://" + exitNode().address() + ":" + ENTRY_PORT));
    options.addAll(List.of("--rule", "dst " + SERVER + "/32 ron"));
    launcher.run(client(), "client", directory.resolve("client.sock"), options);
  }

  Node client() {
    return emulation.node("client");
  }

  private Node exitNode() {
    return emulation.node("exit");
  }

  /** The SHA-256 of the file. */
  byte[] digest() {
    return digest.clone();
  }

  /** A folder for what is downloaded. */
  Path directory() {
    return directory;
  }

  /** Starts an exit node, in the place of one that runs if that is asked for. */
  void startExit(Way way, boolean replacing) throws OsException {
    List<String> options = new ArrayList<>(way.options());
    options.addAll(List.of("--listen", ENTRY_PORT, "--allow", client().address()));
    if (replacing) {
      options.add("--replace");
    }
    exit = launcher.run(exitNode(), "exit", control(), options);
  }

  private Path control() {
    return directory.resolve("exit.sock");
  }

  /** Lets the next exit node take over from the one that runs, which has to end by itself. */
  void replaceExit(Way way) throws OsException {
    Program old = running();
    startExit(way, true);
    int status = old.waitFor(SHORT);
    if (status != 0) {
      throw new OsException("the exit node that was replaced ended with " + status);
    }
  }

  private Program running() throws OsException {
    if (exit == null) {
      throw new OsException("no exit node runs");
    }
    return exit;
  }

  /** Ends the exit node as a service manager would. */
  void stopExit() {
    if (exit != null) {
      exit.stop(SHORT);
      exit = null;
    }
  }

  /** Kills the exit node alone, not what it has started. */
  void killExit() throws OsException {
    Sys.kill((int) running().pid(), SIGKILL);
    running().waitFor(SHORT);
    exit = null;
  }

  /** Waits until the overlay carries new connections. */
  void awaitOverlay() throws OsException, IOException {
    for (int i = 0; i < OVERLAY_TRIES; i++) {
      double before = number("outPkts");
      client().exec(SHORT, "curl", "-sS", "-m", "2", "http://" + SERVER + "/small");
      if (number("outPkts") > before + 2) {
        return;
      }
      Pause.ms(OVERLAY_PAUSE_MS);
    }
    throw new OsException("the overlay does not carry new connections");
  }

  private double number(String name) throws OsException, IOException {
    Object engine = status("/v1/status") instanceof Map<?, ?> map ? map.get("engine") : null;
    Object value = engine instanceof Map<?, ?> map ? map.get(name) : null;
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    throw new OsException("the exit node does not say " + name);
  }

  private @Nullable Object status(String path) throws OsException, IOException {
    try {
      return Json.parse(new ControlClient(control(), "exit").get(path).body());
    } catch (JsonException e) {
      throw new OsException("the exit node says what nobody understands", e);
    }
  }

  /** Open TCP connections to the server that the exit node carries. */
  int carried() throws OsException, IOException {
    int count = 0;
    if (status("/v1/flows?limit=10000") instanceof List<?> flows) {
      for (Object each : flows) {
        boolean open =
            each instanceof Map<?, ?> flow
                && (SERVER + ":80").equals(flow.get("destination"))
                && "established".equals(flow.get("state"));
        count += open ? 1 : 0;
      }
    }
    return count;
  }

  /** Resets that the exit node's kernel has sent so far. */
  long resets() throws OsException {
    List<String> lines =
        exitNode()
            .exec(SHORT, "cat", "/proc/net/snmp")
            .out()
            .lines()
            .filter(line -> line.startsWith("Tcp:"))
            .toList();
    int at = List.of(lines.get(0).split(" ", -1)).indexOf("OutRsts");
    return Long.parseLong(lines.get(1).split(" ", -1)[at]);
  }

  /** Tables of nftables, and TUN devices, on the exit node's host. */
  List<String> left() throws OsException {
    List<String> left = new ArrayList<>();
    exitNode().exec(SHORT, "nft", "list", "tables").out().lines().forEach(left::add);
    exitNode()
        .exec(SHORT, "ip", "-o", "link", "show", "type", "tun")
        .out()
        .lines()
        .forEach(left::add);
    return left;
  }

  @Override
  public void close() {
    emulation.close();
  }
}
