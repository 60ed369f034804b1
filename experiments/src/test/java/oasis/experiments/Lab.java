// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import oasis.emulator.Command;
import oasis.emulator.Emulation;
import oasis.emulator.Launcher;
import oasis.emulator.Node;
import oasis.emulator.Program;
import oasis.emulator.Topology;
import oasis.io.control.ControlClient;
import oasis.io.control.Response;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;

/**
 * The network of the tests of the whole: client, exit node, server and DNS server, each at its own
 * port of one router, on plain links. Servers are real programs; client and exit node are started
 * by the launcher, as a user would. Time-outs are for a busy machine and prove nothing.
 */
final class Lab implements AutoCloseable {
  static final String CLIENT = "192.0.2.2";
  static final String EXIT = "198.51.100.2";
  static final String SERVER = "203.0.113.2";
  static final String DNS = "203.0.113.130";
  static final String OVERLAY_URL = "udp://" + EXIT + ":4700";

  /** Both have the server's address; the tests' name rules match the first only. */
  static final String NAME = "www.overlay.test";

  static final String PLAIN_NAME = "www.plain.test";
  static final Duration LONG = Duration.ofSeconds(60);

  private static final Duration BUILD = Duration.ofMinutes(5);
  private static final ObjectMapper JSON = new ObjectMapper();

  final Path directory;
  private final Emulation emulation;
  private final Launcher launcher;
  private @Nullable Program client;

  private Lab(Path directory, Emulation emulation) {
    this.directory = directory;
    this.emulation = emulation;
    launcher = new Launcher(script());
  }

  /** Skips the test, with the reason, where namespaces or TUN devices cannot be made. */
  static void assumePossible() {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root for namespaces");
    assumeTrue(Files.exists(Path.of("/dev/net/tun")), "needs /dev/net/tun");
  }

  /** The launcher: property {@code oasis.launcher}, or {@code oasis} in a folder above. */
  static Path script() {
    String property = System.getProperty("oasis.launcher");
    if (property != null) {
      return Path.of(property);
    }
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path script = at.resolve("oasis");
      if (Files.isRegularFile(script) && Files.isExecutable(script)) {
        return script;
      }
    }
    throw new AssertionError("no launcher \"oasis\" above the working directory");
  }

  /** Builds the network and starts the DNS server. */
  static Lab start(Path directory) throws Exception {
    Topology topology =
        Topology.builder("lab")
            .host("client", DNS)
            .router("router")
            .host("exit", DNS)
            .host("server")
            .host("dns")
            .link("client", CLIENT + "/24", "router", "192.0.2.1/24")
            .link("exit", EXIT + "/24", "router", "198.51.100.1/24")
            .link("server", SERVER + "/25", "router", "203.0.113.1/25")
            .link("dns", DNS + "/25", "router", "203.0.113.129/25")
            .build();
    Emulation emulation =
        Emulation.start(
            topology,
            new Emulation.Options(
                directory.resolve("output"), directory.resolve("emulations"), LONG));
    Lab lab = new Lab(directory, emulation);
    try {
      for (String word : List.of("client", "exit")) {
        // Builds what is stale now, not while somebody waits for a daemon.
        lab.client().exec(BUILD, script().toString(), word, "--version");
      }
      lab.startDns();
      return lab;
    } catch (OsException | RuntimeException e) {
      lab.close();
      throw e;
    }
  }

  Node client() {
    return emulation.node("client");
  }

  Node router() {
    return emulation.node("router");
  }

  Node server() {
    return emulation.node("server");
  }

  /** Runs a program in the client's host; it has to succeed. Its standard output. */
  String run(String... argv) throws OsException {
    CommandRunner.Result result = client().exec(LONG, argv);
    assertThat(result.status())
        .as("%s%n%s%s", String.join(" ", argv), result.out(), result.err())
        .isZero();
    return result.out();
  }

  // -------------------------------------------------------------------- servers

  private void startDns() throws OsException {
    List<String> argv = new ArrayList<>(List.of("dnsmasq", "--keep-in-foreground"));
    argv.addAll(List.of("--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root"));
    argv.addAll(List.of("--bind-interfaces", "--listen-address=" + DNS, "--local=/test/"));
    argv.addAll(List.of("--pid-file=" + file("dnsmasq.pid"), "--log-facility=-"));
    for (String name : List.of(NAME, PLAIN_NAME)) {
      argv.add("--host-record=" + name + "," + SERVER + ",2001:db8::2");
    }
    emulation.node("dns").start(Command.of(argv)).awaitLine("started", LONG);
  }

  /** A web server; {@code /who} says the client's address, all else lies in {@link #www}. */
  void startWeb(int... ports) throws OsException, IOException {
    Files.createDirectories(www());
    StringBuilder listen = new StringBuilder();
    Arrays.stream(ports).forEach(port -> listen.append("listen " + port + "; "));
    Path configuration = file("nginx.conf");
    Files.writeString(
        configuration,
        """
        daemon off; master_process off; user root; pid %1$s/nginx.pid;
        error_log stderr notice;
        events {}
        http {
          access_log off;
          client_body_temp_path %1$s/nginx-1; proxy_temp_path %1$s/nginx-2;
          fastcgi_temp_path %1$s/nginx-3; uwsgi_temp_path %1$s/nginx-4;
          scgi_temp_path %1$s/nginx-5;
          add_header X-Peer $remote_addr;
          server {
            %2$s
            location /who { return 200 "$remote_addr"; }
            location / { root %3$s; }
          }
        }
        """
            .formatted(directory, listen, www()));
    server()
        .start("nginx", "-c", configuration.toString(), "-e", "stderr")
        .awaitLine("getrlimit", LONG);
  }

  Path www() {
    return file("www");
  }

  /** An iperf3 server; it prints a line for each peer it accepts. */
  Program startIperf(int port) throws OsException {
    Program iperf =
        server().start("iperf3", "--server", "--forceflush", "--port", Integer.toString(port));
    iperf.awaitLine("Server listening", LONG);
    return iperf;
  }

  /** An ssh server of its own: key, configuration, and a {@code /run} that nobody else sees. */
  void startSsh(int... ports) throws OsException, IOException {
    for (String key : List.of("host-key", "user-key")) {
      run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file(key).toString());
    }
    Files.writeString(
        file("known-hosts"), "* " + Files.readString(file("host-key.pub"), UTF_8), UTF_8);
    // The machine's root may be locked, which sshd would take for a refusal.
    Files.writeString(file("shadow"), "root:*:19000:0:99999:7:::\nsshd:!:19000::::::\n");
    StringBuilder configuration = new StringBuilder();
    Arrays.stream(ports).forEach(port -> configuration.append("Port " + port + "\n"));
    configuration.append("HostKey " + file("host-key") + "\n");
    configuration.append("AuthorizedKeysFile " + file("user-key.pub") + "\n");
    configuration.append("PidFile none\nUsePAM no\nStrictModes no\nUseDNS no\n");
    configuration.append("PermitRootLogin prohibit-password\n");
    Files.writeString(file("sshd.conf"), configuration);
    String script =
        """
        set -e
        mount -t tmpfs none /run && mkdir /run/sshd
        mount --bind "$1/shadow" /etc/shadow
        exec /usr/sbin/sshd -D -e -f "$1/sshd.conf"
        """;
    Program sshd =
        server().start(Command.of("sh", "-c", script, "sh", directory.toString()).withName("sshd"));
    for (int port : ports) {
      sshd.awaitLine("listening on 0.0.0.0 port " + port, LONG);
    }
  }

  /** The words of an ssh command that needs no terminal and asks nothing. */
  List<String> ssh(int port, String host, String command) {
    List<String> argv = new ArrayList<>(List.of("ssh", "-F", "none"));
    argv.addAll(List.of("-i", file("user-key").toString(), "-p", Integer.toString(port)));
    argv.addAll(List.of("-o", "BatchMode=yes", "-o", "ConnectTimeout=30"));
    argv.addAll(List.of("-o", "UserKnownHostsFile=" + file("known-hosts"), "-l", "root"));
    argv.addAll(List.of(host, command));
    return argv;
  }

  // ------------------------------------------------------- exit node and client

  /** Starts the exit node; only the client's host is allowed. */
  void startExit() throws OsException {
    launcher.run(
        emulation.node("exit"),
        "exit",
        file("exit.sock"),
        List.of("--listen", "4700", "--allow", CLIENT + "/32"));
  }

  /** Starts the client; its state directory stays the same. */
  void startClient(String... options) throws OsException {
    List<String> all = new ArrayList<>(List.of("--state", file("state").toString()));
    all.addAll(List.of(options));
    client = launcher.run(client(), "client", file("client.sock"), all);
  }

  /** Starts the client with the overlay {@code lab} and rules, and waits until it may be used. */
  void startClientWithRules(String... rules) throws Exception {
    List<String> options = new ArrayList<>(List.of("--overlay", "lab=" + OVERLAY_URL));
    for (String rule : rules) {
      options.addAll(List.of("--rule", rule));
    }
    startClient(options.toArray(String[]::new));
    awaitAlive();
  }

  /** Waits until the overlay {@code lab} serves new connections. */
  void awaitAlive() throws Exception {
    try {
      await("the overlay is alive", () -> state("lab").equals("alive"));
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "\n" + ask("status") + "\n" + askExit("status"), e);
    }
  }

  /** Ends the client as a user would; it has to end cleanly. */
  void stopClient() throws OsException {
    Program running = client;
    assertThat(running).isNotNull();
    running.signal(15);
    assertThat(running.waitFor(LONG)).as("the client's exit status").isZero();
  }

  /** Runs the command line in the client's host. */
  CommandRunner.Result oasis(String... words) throws OsException {
    List<String> argv = new ArrayList<>(List.of(script().toString()));
    argv.addAll(List.of(words));
    if (words[0].equals("client")) {
      argv.addAll(List.of("--control", file("client.sock").toString()));
    }
    return client().exec(LONG, argv.toArray(String[]::new));
  }

  /** Runs a command of {@code oasis client} that has to succeed. Its standard output. */
  String tell(String... words) throws OsException {
    List<String> all = new ArrayList<>(List.of("client"));
    all.addAll(List.of(words));
    CommandRunner.Result result = oasis(all.toArray(String[]::new));
    assertThat(result.status()).as("%s: %s", all, result.err()).isZero();
    return result.out();
  }

  /** The client's status, flows, rules or overlays. */
  JsonNode ask(String what) throws IOException {
    return ask("client", what);
  }

  /** The exit node's status, flows or clients. */
  JsonNode askExit(String what) throws IOException {
    return ask("exit", what);
  }

  private JsonNode ask(String daemon, String what) throws IOException {
    Response answer = new ControlClient(file(daemon + ".sock"), daemon).get("/v1/" + what);
    assertThat(answer.ok()).as(new String(answer.body(), UTF_8)).isTrue();
    return JSON.readTree(answer.body());
  }

  static JsonNode json(String text) throws IOException {
    return JSON.readTree(text);
  }

  private String state(String name) throws IOException {
    for (JsonNode carrier : ask("status").path("carriers")) {
      if (carrier.path("name").asText().equals(name)) {
        return carrier.path("state").asText();
      }
    }
    return "";
  }

  // ----------------------------------------------------------------------- rest

  Path file(String name) {
    return directory.resolve(name);
  }

  /** A condition that may fail to be asked. */
  @FunctionalInterface
  interface Condition {
    boolean holds() throws Exception;
  }

  /** Waits until a condition holds; fails when it does not within {@link #LONG}. */
  static void await(String what, Condition condition) throws Exception {
    long end = System.nanoTime() + LONG.toNanos();
    while (!condition.holds()) {
      assertThat(System.nanoTime()).as("not within %s: %s", LONG, what).isLessThan(end);
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  static String sha256(byte[] bytes) throws Exception {
    byte[] digest = java.security.MessageDigest.getInstance("SHA-256").digest(bytes);
    return HexFormat.of().formatHex(digest);
  }

  @Override
  public void close() {
    emulation.close();
  }
}
