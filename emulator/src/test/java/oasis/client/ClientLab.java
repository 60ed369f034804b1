// SPDX-License-Identifier: Apache-2.0
package oasis.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import oasis.client.daemon.ClientMain;
import oasis.exit.daemon.ExitMain;
import oasis.io.control.ControlClient;
import oasis.io.control.Json;
import oasis.os.CommandRunner;
import oasis.os.linux.LinuxCommandRunner;
import oasis.os.linux.Netns;
import oasis.packet.Addresses;
import org.jspecify.annotations.Nullable;

/**
 * Four namespaces: client – router – exit node, and router – server with a web server, a name
 * server that knows every name, and whatever a test starts there. Client and exit are processes of
 * their own.
 */
final class ClientLab {
  static final String CLIENT = "192.0.2.2";
  static final String GATEWAY = "192.0.2.1";
  static final String EXIT = "198.51.100.2";
  static final String SERVER = "203.0.113.2";
  static final int ENTRY = 4700;

  final String client;
  final String router;
  final String exit;
  final String server;
  final Path directory;
  private final CommandRunner host = new LinuxCommandRunner();
  private final List<Process> processes = new ArrayList<>();
  private @Nullable DatagramSocket names;

  /** Something that becomes true. */
  interface Condition {
    boolean holds() throws Exception;
  }

  ClientLab(Path directory) {
    this.directory = directory;
    String base = "oas-cd-" + ProcessHandle.current().pid();
    client = base + "-c";
    router = base + "-r";
    exit = base + "-x";
    server = base + "-s";
  }

  /** Builds everything; {@link #close} is due whether it succeeds or not. */
  void build() throws Exception {
    for (String name : List.of(client, router, exit, server)) {
      Netns.create(host, name);
    }
    link(client, CLIENT, GATEWAY, "rc");
    link(exit, EXIT, "198.51.100.1", "rx");
    link(server, SERVER, "203.0.113.1", "rs");
    in(router, "sysctl", "-qw", "net.ipv4.ip_forward=1");
    watchFakes();
    DatagramSocket socket =
        Netns.in(server, () -> new DatagramSocket(new InetSocketAddress(SERVER, 53)));
    names = socket;
    Thread thread = new Thread(() -> answerNames(socket), "names");
    thread.setDaemon(true);
    thread.start();
    startNginx();
  }

  private void link(String end, String address, String gateway, String name) throws Exception {
    in(end, "ip", "link", "add", "eth0", "type", "veth", "peer", "name", name, "netns", router);
    in(end, "ip", "address", "add", address + "/24", "dev", "eth0");
    in(router, "ip", "address", "add", gateway + "/24", "dev", name);
    in(end, "ip", "link", "set", "eth0", "up");
    in(router, "ip", "link", "set", name, "up");
    in(end, "ip", "route", "add", "default", "via", gateway);
  }

  /** Counts what a leaking client would send to fake addresses. */
  private void watchFakes() throws Exception {
    host.check(
        ns(router, "nft", "-f", "-"),
        """
        table ip watch {
          counter fakes { }
          chain watched {
            type filter hook prerouting priority 0;
            ip daddr 198.18.0.0/15 counter name fakes
            ip saddr 198.18.0.0/15 counter name fakes
          }
        }
        """);
  }

  /** Packets with a fake address that have left the client's host. */
  boolean nothingFakeLeft() throws Exception {
    return in(router, "nft", "list", "counter", "ip", "watch", "fakes").contains("packets 0 ");
  }

  private static void answerNames(DatagramSocket names) {
    byte[] bytes = new byte[1500];
    while (!names.isClosed()) {
      try {
        DatagramPacket query = new DatagramPacket(bytes, bytes.length);
        names.receive(query);
        byte[] answer = answer(bytes, query.getLength());
        names.send(new DatagramPacket(answer, answer.length, query.getSocketAddress()));
      } catch (IOException e) {
        // Closed, or a client that is gone.
      }
    }
  }

  /** Every name has the server's address, and no other record. */
  private static byte[] answer(byte[] query, int length) {
    int end = 12;
    while (query[end] != 0) {
      end += query[end] + 1;
    }
    int questionEnd = end + 5;
    boolean a = query[end + 2] == 1;
    byte[] answer = new byte[questionEnd + (a ? 16 : 0)];
    System.arraycopy(query, 0, answer, 0, Math.min(length, questionEnd));
    answer[2] = (byte) 0x81;
    answer[3] = (byte) 0x80;
    answer[7] = (byte) (a ? 1 : 0);
    answer[11] = 0; // no EDNS option in the answer
    if (a) {
      int ip = (int) Addresses.parse(SERVER).lo();
      byte[] record = {
        (byte) 0xc0,
        12,
        0,
        1,
        0,
        1,
        0,
        0,
        1,
        44,
        0,
        4,
        (byte) (ip >>> 24),
        (byte) (ip >>> 16),
        (byte) (ip >>> 8),
        (byte) ip
      };
      System.arraycopy(record, 0, answer, questionEnd, record.length);
    }
    return answer;
  }

  private void startNginx() throws Exception {
    Path www = Files.createDirectories(directory.resolve("www"));
    byte[] big = new byte[20_000_000];
    new Random(1).nextBytes(big);
    Files.write(www.resolve("big"), big);
    Path config = directory.resolve("nginx.conf");
    Files.writeString(
        config,
        """
        daemon off; master_process off; user root; pid %1$s/nginx.pid; error_log %1$s/error.log;
        events {}
        http {
          access_log off; client_body_temp_path %1$s/t0; proxy_temp_path %1$s/t1;
          fastcgi_temp_path %1$s/t2; uwsgi_temp_path %1$s/t3; scgi_temp_path %1$s/t4;
          server {
            listen 80; listen 8080;
            location /who { return 200 "$remote_addr\\n"; }
            location / { root %1$s/www; }
          }
        }
        """
            .formatted(directory));
    start(server, "nginx", "-c", config.toString(), "-e", file("error.log"));
    awaitPort(server, 8080);
  }

  /** Waits until somebody listens at a TCP port. */
  void awaitPort(String namespace, int port) throws Exception {
    String number = Integer.toString(port);
    await(() -> run(namespace, "ss", "-Hltn", "sport", "=", number).out().contains(":" + number));
  }

  /** Starts the exit node; it allows the client. */
  Process startExit() throws Exception {
    return startJava(
        exit, ExitMain.class, "run", "--control", file("exit.sock"), "--allow", "192.0.2.0/24");
  }

  /** Starts a client; its state directory is the same each time. */
  Process startClient(String... options) throws Exception {
    List<String> words =
        new ArrayList<>(List.of("run", "--state", file("state"), "--control", file("client.sock")));
    words.addAll(List.of(options));
    return startJava(client, ClientMain.class, words.toArray(String[]::new));
  }

  private Process startJava(String namespace, Class<?> main, String... words) throws Exception {
    Process process = start(namespace, javaCommand(main, words).toArray(String[]::new));
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

  /** The state of a carrier, or "none". */
  String carrierState(String name) throws Exception {
    if (status().get("carriers") instanceof List<?> carriers) {
      for (Object one : carriers) {
        if (one instanceof Map<?, ?> carrier && name.equals(carrier.get("name"))) {
          return String.valueOf(carrier.get("state"));
        }
      }
    }
    return "none";
  }

  /** Waits until a carrier is in a state. */
  void awaitCarrier(String name, String state) throws Exception {
    await(() -> carrierState(name).equals(state));
  }

  /** The address that the web server sees when the client asks it. */
  String who(String host) throws Exception {
    return in(client, "curl", "-sS", "-m", "5", "http://" + host + "/who").strip();
  }

  /** The address that the client's host gets for a name. */
  String dig(String name) throws Exception {
    return in(client, "dig", "+short", "+tries=2", "+time=2", "@" + SERVER, name).strip();
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

  /** What the kernel of the client's host knows about us. */
  String kernelState() throws Exception {
    return in(client, "ip", "-4", "rule")
        + in(client, "ip", "-4", "route", "show", "table", "all")
        + in(client, "nft", "list", "ruleset")
        + in(client, "sysctl", "-n", "net.ipv4.ip_local_reserved_ports");
  }

  static void await(Condition condition) throws Exception {
    for (int i = 0; i < 750; i++) {
      if (condition.holds()) {
        return;
      }
      Thread.sleep(20);
    }
    throw new AssertionError("not within 15 s");
  }

  /** Ends all processes and removes the namespaces. */
  void close() throws Exception {
    for (Process process : processes) {
      process.destroyForcibly().waitFor(5, TimeUnit.SECONDS);
    }
    if (names != null) {
      names.close();
    }
    for (String name : List.of(client, router, exit, server)) {
      Netns.delete(host, name);
    }
  }
}
