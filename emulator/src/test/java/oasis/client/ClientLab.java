// SPDX-License-Identifier: Apache-2.0
package oasis.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import oasis.client.daemon.ClientMain;
import oasis.exit.daemon.ExitMain;
import oasis.io.control.ControlClient;
import oasis.io.control.Json;
import oasis.lab.Blob;
import oasis.lab.Daemons;
import oasis.lab.Lab;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.os.linux.Netns;
import oasis.os.linux.PatientRunner;
import org.jspecify.annotations.Nullable;

/**
 * The laboratory of the client's tests: its network and web server, a name server that knows every
 * name at the server's address, and whatever a test starts there. Client and exit are processes of
 * the test's own, to be stopped and killed.
 */
final class ClientLab {
  static final String CLIENT = Lab.CLIENT;
  static final String GATEWAY = "192.0.2.1";
  static final String EXIT = Lab.EXIT;
  static final String SERVER = Lab.SERVER;

  /** The router's address in the server's network. */
  static final String SERVER_GATEWAY = "203.0.113.1";

  static final String CLIENT6 = Lab.CLIENT6;
  static final String GATEWAY6 = "2001:db8:1::1";
  static final String EXIT6 = Lab.EXIT6;
  static final String SERVER6 = Lab.SERVER6;
  static final int ENTRY = Daemons.ENTRY;

  /** How long a test waits for what must come, on a busy machine too. */
  private static final int PATIENCE_S = 60;

  final String client;
  final String router;
  final String exit;
  final String server;
  final Path directory;
  private final Lab lab;
  private final CommandRunner host = PatientRunner.create();
  private final List<Process> processes = new ArrayList<>();
  private final List<Closeable> names = new ArrayList<>();

  /** Something that becomes true; that it cannot be asked yet means that it is not. */
  interface Condition {
    boolean holds() throws Exception;
  }

  private ClientLab(Lab lab) {
    this.lab = lab;
    directory = lab.directory();
    client = lab.client().namespace();
    router = lab.router().namespace();
    exit = lab.exit().namespace();
    server = lab.server().namespace();
  }

  /** Builds everything, or skips the test, with the reason, where that cannot be. */
  static ClientLab start(Path directory) throws Exception {
    Lab.assumePossible();
    ClientLab all = new ClientLab(Lab.start(directory));
    try {
      all.watchFakes();
      all.startNames();
      all.lab.servers().startWeb(80, 8080);
      Blob.write(all.lab.servers().www().resolve("big"), 20_000_000, 1);
      return all;
    } catch (Exception e) {
      all.close();
      throw e;
    }
  }

  private void startNames() throws Exception {
    for (String address : List.of(SERVER, SERVER6)) {
      DatagramSocket socket =
          Netns.in(server, () -> new DatagramSocket(new InetSocketAddress(address, 53)));
      names.add(socket);
      LabNames.serve(socket);
      ServerSocket listener =
          Netns.in(server, () -> new ServerSocket(53, 50, InetAddress.getByName(address)));
      names.add(listener);
      LabNames.serve(listener);
    }
  }

  /** Counts what a leaking client would send to fake addresses. */
  private void watchFakes() throws Exception {
    host.check(
        ns(router, "nft", "-f", "-"),
        """
        table inet watch {
          counter fakes { }
          chain watched {
            type filter hook prerouting priority 0;
            ip daddr 198.18.0.0/15 counter name fakes
            ip saddr 198.18.0.0/15 counter name fakes
            ip6 daddr fdc6:1200:4710::/48 counter name fakes
            ip6 saddr fdc6:1200:4710::/48 counter name fakes
          }
        }
        """);
  }

  /** Packets with a fake address that have left the client's host. */
  boolean nothingFakeLeft() throws Exception {
    return in(router, "nft", "list", "counter", "inet", "watch", "fakes").contains("packets 0 ");
  }

  /** Waits until somebody listens at a TCP port. */
  void awaitPort(String namespace, int port) throws Exception {
    String number = Integer.toString(port);
    await(() -> run(namespace, "ss", "-Hltn", "sport", "=", number).out().contains(":" + number));
  }

  /** Starts the exit node; it allows the client. */
  Process startExit() throws Exception {
    return startJava(
        exit,
        ExitMain.class,
        "run",
        "--control",
        file("exit.sock"),
        "--allow",
        "192.0.2.0/24",
        "--allow",
        "2001:db8:1::/64",
        "--allow-destination", // addresses for documentation lead nowhere else
        "2001:db8:3::/64");
  }

  /** Starts the exit node with these options and no others. */
  Process startExitWith(String... options) throws Exception {
    List<String> words = new ArrayList<>(List.of("run", "--control", file("exit.sock")));
    words.addAll(List.of(options));
    return startJava(exit, ExitMain.class, words.toArray(String[]::new));
  }

  /** The control interface of the running exit node. */
  ControlClient exitControl() {
    return new ControlClient(directory.resolve("exit.sock"), "exit");
  }

  /** Starts another exit node, at the router. */
  Process startExitAtRouter(int port) throws Exception {
    return startJava(
        router,
        ExitMain.class,
        "run",
        "--control",
        file("exit-router.sock"),
        "--listen",
        Integer.toString(port),
        "--allow",
        "192.0.2.0/24");
  }

  /** Starts a client; its state directory is the same each time. */
  Process startClient(String... options) throws Exception {
    List<String> words =
        new ArrayList<>(List.of("run", "--state", file("state"), "--control", file("client.sock")));
    words.addAll(List.of(options));
    return startJava(client, ClientMain.class, words.toArray(String[]::new));
  }

  /** As {@link #startClient}, begun by a shell that first does something to its mounts. */
  Process startClientBehind(String script, String... options) throws Exception {
    List<String> shell = List.of("sh", "-c", script + " && exec \"$@\"", "sh");
    List<String> words =
        new ArrayList<>(List.of("run", "--state", file("state"), "--control", file("client.sock")));
    words.addAll(List.of(options));
    List<String> all = new ArrayList<>(shell);
    all.addAll(javaCommand(ClientMain.class, words.toArray(String[]::new)));
    return awaitReady(start(client, all.toArray(String[]::new)), ClientMain.class);
  }

  private Process startJava(String namespace, Class<?> main, String... words) throws Exception {
    return awaitReady(start(namespace, javaCommand(main, words).toArray(String[]::new)), main);
  }

  private static Process awaitReady(Process process, Class<?> main) throws IOException {
    BufferedReader reader = process.inputReader(UTF_8);
    for (String line = reader.readLine(); ; line = reader.readLine()) {
      if (line == null) {
        throw new AssertionError(main.getSimpleName() + " ended");
      }
      if (line.startsWith("Ready")) {
        return process;
      }
    }
  }

  /** Runs the client's command line to its end. */
  CommandRunner.Result clientMain(String... words) throws Exception {
    return run(client, javaCommand(ClientMain.class, words).toArray(String[]::new));
  }

  private static List<String> javaCommand(Class<?> main, String... words) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:MaxDirectMemorySize=256m", // a mebibyte for each entry node
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    command.addAll(List.of(words));
    return command;
  }

  /** The control interface of the running client. */
  ControlClient control() {
    return new ControlClient(directory.resolve("client.sock"), "client");
  }

  Map<String, @Nullable Object> status() throws Exception {
    return Json.parseObject(control().get("/v1/status").body());
  }

  /** The state of the first carrier of this name, or "none". */
  String carrierState(String name) throws Exception {
    return carrierStates(name).stream().findFirst().orElse("none");
  }

  /** The states of all carriers of this name: the entry nodes of an overlay. */
  List<String> carrierStates(String name) throws Exception {
    List<String> states = new ArrayList<>();
    if (status().get("carriers") instanceof List<?> carriers) {
      for (Object one : carriers) {
        if (one instanceof Map<?, ?> carrier && name.equals(carrier.get("name"))) {
          states.add(String.valueOf(carrier.get("state")));
        }
      }
    }
    return states;
  }

  /** As {@link #awaitDownloads}, of one flow. */
  void awaitDownload() throws Exception {
    awaitDownloads(1);
  }

  /**
   * Waits until so many flows have brought bytes: one that nobody has answered could begin again,
   * by another way.
   */
  void awaitDownloads(int count) throws Exception {
    await(
        () ->
            Json.parse(control().get("/v1/flows").body()) instanceof List<?> flows
                && flows.stream().filter(ClientLab::hasBrought).count() == count);
  }

  private static boolean hasBrought(Object flow) {
    return flow instanceof Map<?, ?> one
        && one.get("inBytes") instanceof Number bytes
        && bytes.longValue() > 10_000;
  }

  /** Waits until a carrier is in a state. */
  void awaitCarrier(String name, String state) throws Exception {
    await(() -> carrierState(name).equals(state));
  }

  /**
   * The address that the web server sees when the client asks it.
   *
   * @param host an address, an IPv6 address in brackets, with a port or without
   */
  String who(String host) throws Exception {
    return in(client, "curl", "-sS", "-m", "15", "http://" + host + "/who").strip();
  }

  /** As {@link #who(String)}, asked by a program of another user. */
  String whoAs(int uid, String host) throws Exception {
    return inAs(uid, "curl", "-sS", "-m", "15", "http://" + host + "/who").strip();
  }

  /** Runs a program of another user in the client's host; it has to succeed. */
  String inAs(int uid, String... command) throws Exception {
    String id = Integer.toString(uid);
    List<String> all =
        new ArrayList<>(List.of("setpriv", "--reuid", id, "--regid", id, "--clear-groups", "--"));
    all.addAll(List.of(command));
    return in(client, all.toArray(String[]::new));
  }

  /** The IPv4 address that the client's host gets for a name. */
  String dig(String name) throws Exception {
    return dig(SERVER, name, "A");
  }

  /**
   * What the client's host is told about a name.
   *
   * @param nameServer the server that it asks
   * @param type {@code A} or {@code AAAA}
   */
  String dig(String nameServer, String name, String type) throws Exception {
    return in(client, "dig", "+short", "+tries=2", "+time=8", "@" + nameServer, name, type).strip();
  }

  /** SYNs that the kernel of the client's host has sent again: whoever answers at once has none. */
  String repeatedSyns() throws Exception {
    return in(client, "nstat", "-asz", "TcpExtTCPSynRetrans")
        .replaceAll("(?s).*Retrans +(\\d+).*", "$1");
  }

  /** Packets that the kernel of the client's host has sent into the TUN device. */
  long tunPkts() throws Exception {
    return Long.parseLong(in(client, "cat", "/sys/class/net/oas0/statistics/tx_packets").strip());
  }

  Process start(String namespace, String... command) throws IOException {
    Process process =
        new ProcessBuilder(ns(namespace, command))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    processes.add(process);
    return process;
  }

  CommandRunner.Result run(String namespace, String... command) throws Exception {
    return host.run(ns(namespace, command), "");
  }

  String in(String namespace, String... command) throws Exception {
    return host.check(ns(namespace, command), "");
  }

  private static List<String> ns(String namespace, String... command) {
    List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
    all.addAll(List.of(command));
    return all;
  }

  String file(String name) {
    return directory.resolve(name).toString();
  }

  /** What the kernel of the client's host knows about us; it makes link-local routes by itself. */
  String kernelState() throws Exception {
    String state =
        in(client, "ip", "-4", "rule")
            + in(client, "ip", "-4", "route", "show", "table", "all")
            + in(client, "ip", "-6", "rule")
            + in(client, "ip", "-6", "route", "show", "table", "all")
            + in(client, "nft", "list", "ruleset")
            + in(client, "sysctl", "-n", "net.ipv4.ip_local_reserved_ports");
    return state.replaceAll("(?m)^.*fe80::.*\n", "");
  }

  static void await(Condition condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
    OsException failure = null;
    while (System.nanoTime() < end) {
      try {
        if (condition.holds()) {
          return;
        }
        failure = null;
      } catch (OsException e) {
        failure = e;
      }
      Thread.sleep(20);
    }
    throw new AssertionError("not within " + PATIENCE_S + " s", failure);
  }

  /** Ends all processes and removes the network. */
  void close() throws Exception {
    for (Process process : processes) {
      process.destroyForcibly().waitFor(60, TimeUnit.SECONDS);
    }
    for (Closeable socket : names) {
      socket.close();
    }
    lab.close();
  }
}
