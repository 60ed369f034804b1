// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import oasis.emulator.Emulation;
import oasis.emulator.Launcher;
import oasis.emulator.Node;
import oasis.emulator.Program;
import oasis.emulator.Topology;
import oasis.experiments.measure.Pause;
import oasis.experiments.measure.Traffic;
import oasis.io.control.ControlClient;
import oasis.io.control.Json;
import oasis.io.control.JsonException;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;
import org.jspecify.annotations.Nullable;

/**
 * Attacker and friend behind a router, the exit node, and the world behind it. The exit node's
 * default routes lead there, so that whatever it forwards leaves, wherever to. The friend runs a
 * client whose overlay is the exit node.
 */
final class HostileNetwork implements AutoCloseable {
  static final String EXIT = "198.51.100.66";
  static final int PORT = 4700;

  /** Towards clients. */
  static final String INSIDE = "eth0";

  /** Towards the world. */
  static final String OUTSIDE = "eth1";

  /** Where the kernel backend hands packets to the kernel. */
  static final String TUN = "oasx0";

  /** The friend's server; nobody else is told of it. */
  static final String SERVER = "203.0.113.2";

  static final int SERVER_PORT = 5201;

  /** All addresses of the exit node but those of its links. */
  static final List<String> OWN = List.of(EXIT, "203.0.113.1", "2600:9::1");

  private static final String FRIEND = "198.51.100.2";
  private static final Duration SHORT = Duration.ofSeconds(10);
  private static final int ALIVE_TRIES = 60;

  private final Emulation emulation;
  private final Path control;
  private final Program exit;

  private HostileNetwork(Emulation emulation, Path control, Program exit) {
    this.emulation = emulation;
    this.control = control;
    this.exit = exit;
  }

  /**
   * Builds it and waits until the friend reaches the server through the exit node.
   *
   * @param directory for files and the output of all programs
   * @param launcher starts client and exit node
   * @param subject what kind of exit node
   * @param seed of keys, if clients need them
   */
  static HostileNetwork start(Path directory, Launcher launcher, Subject subject, long seed)
      throws OsException, IOException {
    Files.createDirectories(directory);
    Emulation emulation = Emulation.start(topology(), Emulation.Options.defaults(directory));
    try {
      addAddresses(emulation);
      Node world = emulation.node("world");
      Traffic.serve(world, SHORT);
      Path control = directory.resolve("exit.sock");
      List<String> all = new ArrayList<>(List.of("--listen", Integer.toString(PORT)));
      all.addAll(subject.options());
      List<String> friend = new ArrayList<>();
      if (subject.keyed()) {
        String key = secret(directory, "friend.key", Trailers.line(seed, Sender.CLIENTS));
        String keys = secret(directory, "keys", Trailers.file(seed, Sender.CLIENTS + 1));
        all.addAll(List.of("--keys", keys));
        friend.addAll(List.of("--key", "lab=" + key));
      } else {
        all.addAll(List.of("--allow", Sender.ALLOWED, "--allow", FRIEND));
      }
      Program exit = launcher.run(emulation.node("exit"), "exit", control, all);
      friend.addAll(List.of("--state", directory.resolve("state").toString()));
      friend.addAll(List.of("--mtu", "1430"));
      friend.addAll(List.of("--overlay", "lab=udp://" + EXIT + ":" + PORT + "?mtu=1430"));
      friend.addAll(List.of("--rule", "dst " + SERVER + " lab else block"));
      Path socket = directory.resolve("client.sock");
      launcher.run(emulation.node("friend"), "client", socket, friend);
      HostileNetwork network = new HostileNetwork(emulation, control, exit);
      network.awaitAlive();
      return network;
    } catch (OsException | RuntimeException e) {
      emulation.close();
      throw e;
    }
  }

  /** Writes a file that only its owner may read. */
  private static String secret(Path directory, String name, String text) throws IOException {
    Path file = directory.resolve(name).toAbsolutePath();
    Files.deleteIfExists(file);
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(file, text);
    return file.toString();
  }

  private static Topology topology() {
    return Topology.builder("exit-hostile")
        .host("attacker")
        .host("friend")
        .router("router")
        .host("exit")
        .host("world")
        .link("attacker", "192.0.2.2/24", "router", "192.0.2.1/24")
        .link("friend", FRIEND + "/26", "router", "198.51.100.1/26")
        .link("router", "198.51.100.65/26", "exit", EXIT + "/26")
        .link("exit", "203.0.113.1/24", "2600:9::1/64", "world", SERVER + "/24", "2600:9::2/64")
        .route("exit", "0.0.0.0/0", SERVER)
        .route("exit", "::/0", "2600:9::2")
        .build();
  }

  private static void addAddresses(Emulation emulation) throws OsException {
    for (String address : Sender.addresses()) {
      in(emulation.node("attacker"), "ip", "address", "add", address + "/24", "dev", "eth0");
    }
    for (String host : List.of("203.0.113.3/24", "203.0.113.4/24")) {
      in(emulation.node("world"), "ip", "address", "add", host, "dev", "eth0");
    }
    in(emulation.node("world"), "ip", "address", "add", "2600:9::3/64", "dev", "eth0", "nodad");
  }

  private static String in(Node node, String... argv) throws OsException {
    return LinuxCommandRunner.inNamespace(node.namespace()).check(List.of(argv), "");
  }

  private void awaitAlive() throws OsException {
    LinuxCommandRunner runner = LinuxCommandRunner.inNamespace(node("friend").namespace());
    List<String> ping = List.of("ping", "-c", "1", "-W", "1", "-q", SERVER);
    for (int i = 0; i < ALIVE_TRIES; i++) {
      if (runner.run(ping, "").ok()) {
        return;
      }
      Pause.ms(100);
    }
    throw new OsException("the friend does not reach its server");
  }

  Node node(String name) {
    return emulation.node(name);
  }

  /** The names of all namespaces. */
  List<String> namespaces() {
    return emulation.nodes().stream().map(Node::namespace).toList();
  }

  /** The friend's programs. */
  Traffic friend() {
    return new Traffic(node("friend"), SERVER);
  }

  /** The exit node's process. */
  Program exit() {
    return exit;
  }

  /** The Ethernet address of one of the exit node's devices. */
  String ethernet(String device) throws OsException {
    String[] words = in(node("exit"), "ip", "-o", "link", "show", device).strip().split("\\s+", -1);
    for (int i = 0; i + 1 < words.length; i++) {
      if (words[i].equals("link/ether")) {
        return words[i + 1];
      }
    }
    throw new OsException("no Ethernet address: " + device);
  }

  /** What the exit node says of itself. */
  Map<String, @Nullable Object> status() throws IOException {
    String text = new ControlClient(control, "exit").get("/v1/status").text();
    try {
      return Json.parseObject(text.getBytes(StandardCharsets.UTF_8));
    } catch (JsonException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Packets of the friend that the exit node has forwarded. */
  long friendPackets() throws IOException, OsException {
    String text = new ControlClient(control, "exit").get("/v1/clients").text();
    try {
      if (Json.parse(text.getBytes(StandardCharsets.UTF_8)) instanceof List<?> clients) {
        for (Object one : clients) {
          if (one instanceof Map<?, ?> client
              && String.valueOf(client.get("endpoint")).startsWith(FRIEND + ":")
              && client.get("outPkts") instanceof Number packets) {
            return packets.longValue();
          }
        }
      }
      throw new OsException("the exit node does not know the friend");
    } catch (JsonException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    emulation.close();
  }
}
