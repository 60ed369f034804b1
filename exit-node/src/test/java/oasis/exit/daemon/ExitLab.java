// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import oasis.io.Endpoint;
import oasis.io.control.ControlClient;
import oasis.io.control.Json;
import oasis.os.CommandRunner;
import oasis.os.linux.Netns;
import oasis.os.linux.PatientRunner;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * The exit node as its own process between a client namespace and a server namespace, with real
 * programs at both ends.
 */
abstract class ExitLab {
  static final String SERVER = "203.0.113.2";
  static final String SERVER6 = "2001:db8:3::2";
  static final String EXIT_OUTSIDE = "203.0.113.1";
  static final String EXIT_OUTSIDE6 = "2001:db8:3::1";
  static final int PORT = 4700;
  static final int BIG_BYTES = 20_000_000;

  /** How long a test waits for what must come, on a busy machine too. */
  static final int PATIENCE_S = 60;

  /** How long a test waits for what must not come. */
  static final int SILENCE_MS = 1000;

  @TempDir Path directory;
  private final String base = "oas-exit-" + ProcessHandle.current().pid();
  final String c = base + "-c";
  final String x = base + "-x";
  final String s = base + "-s";
  final CommandRunner host = PatientRunner.create();
  private final List<Process> processes = new ArrayList<>();

  /** The line with which the last exit node said that it carries packets. */
  String ready = "";

  @BeforeEach
  final void network() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    assumeTrue(Files.exists(Path.of("/dev/net/tun")), "needs /dev/net/tun");
    for (String name : List.of(c, x, s)) {
      Netns.create(host, name);
    }
    link(c, "192.0.2.2", "2001:db8:1::2", x, "192.0.2.1", "2001:db8:1::1", "cx");
    link(x, EXIT_OUTSIDE, EXIT_OUTSIDE6, s, SERVER, SERVER6, "xs");
    in(x, "ip", "route", "add", "default", "via", SERVER);
    in(x, "ip", "-6", "route", "add", "default", "via", SERVER6, "metric", "2000");
    in(x, "sysctl", "-qw", "net.ipv4.ip_forward=0");
  }

  @AfterEach
  final void end() throws Exception {
    for (Process process : processes) {
      // A server that forks leaves its children behind, and they hold the test's output open.
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor(5, TimeUnit.SECONDS);
    }
    for (String name : List.of(c, x, s)) {
      Netns.delete(host, name);
    }
  }

  TunnelClient client() throws Exception {
    return client(Endpoint.ipv4(192, 0, 2, 1, PORT));
  }

  /** A client whose programs reach the server's networks through the exit. */
  TunnelClient client(Endpoint exit) throws Exception {
    TunnelClient client = new TunnelClient(c, "oast0", exit);
    in(c, "sysctl", "-qw", "net.ipv6.conf.oast0.addr_gen_mode=1");
    in(c, "ip", "link", "set", "oast0", "multicast", "off");
    in(c, "ip", "address", "add", "10.9.8.7/32", "dev", "oast0");
    in(c, "ip", "address", "add", "fd00:9::7/128", "dev", "oast0", "nodad");
    in(c, "ip", "link", "set", "oast0", "up");
    for (String there :
        List.of("203.0.113.0/24", "10.5.0.0/16", "10.6.0.0/16", "2001:db8:3::/64", "fd00:5::/64")) {
      in(c, "ip", "route", "add", there, "dev", "oast0");
    }
    return client;
  }

  /** Joins two namespaces by a cable. */
  void link(String a, String a4, String a6, String b, String b4, String b6, String name)
      throws Exception {
    in(a, "ip", "link", "add", name, "type", "veth", "peer", "name", name, "netns", b);
    in(a, "ip", "address", "add", a4 + "/24", "dev", name);
    in(b, "ip", "address", "add", b4 + "/24", "dev", name);
    in(a, "ip", "address", "add", a6 + "/64", "dev", name, "nodad");
    in(b, "ip", "address", "add", b6 + "/64", "dev", name, "nodad");
    in(a, "ip", "link", "set", name, "up");
    in(b, "ip", "link", "set", name, "up");
  }

  Process startExit(String... options) throws Exception {
    return startExitAs(List.of(), options);
  }

  /** Starts one behind a program that takes rights away. */
  Process startExitAs(List<String> wrapper, String... options) throws Exception {
    return startExitIn(x, "exit.sock", wrapper, options);
  }

  /** Starts one in any namespace, with a control socket of its own. */
  Process startExitIn(String namespace, String socket, List<String> wrapper, String... options)
      throws Exception {
    List<String> command = new ArrayList<>(wrapper);
    command.addAll(java());
    command.addAll(List.of("run", "--control", file(socket)));
    command.addAll(List.of(options));
    Process process = start(namespace, command.toArray(String[]::new));
    BufferedReader reader = process.inputReader();
    for (String line = reader.readLine(); ; line = reader.readLine()) {
      if (line == null) {
        throw new AssertionError("the exit node ended");
      }
      if (line.startsWith("Ready")) {
        ready = line;
        return process;
      }
    }
  }

  List<String> java() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx64m",
        "-XX:+UseSerialGC",
        "-cp",
        System.getProperty("java.class.path"),
        ExitMain.class.getName());
  }

  /** Runs the command line to its end; gives what it printed. */
  String run(int status, String... words) throws Exception {
    List<String> command = new ArrayList<>(java());
    command.addAll(List.of(words));
    command.addAll(List.of("--control", file("exit.sock")));
    CommandRunner.Result result = host.run(ns(x, command.toArray(String[]::new)), "");
    assertThat(result.status()).as("%s%s", result.out(), result.err()).isEqualTo(status);
    return result.ok() ? result.out() : result.out() + result.err();
  }

  void startNginx() throws Exception {
    Path www = Files.createDirectories(directory.resolve("www"));
    byte[] big = new byte[BIG_BYTES];
    new Random(1).nextBytes(big);
    Files.write(www.resolve("big"), big);
    Path config = directory.resolve("nginx.conf");
    Files.writeString(
        config,
        """
        daemon off; master_process off; user root; pid %1$s/nginx.pid; error_log %1$s/error.log;
        events {}
        http {
          access_log off; client_max_body_size 0; client_body_temp_path %1$s/body;
          proxy_temp_path %1$s/t1; fastcgi_temp_path %1$s/t2; uwsgi_temp_path %1$s/t3;
          scgi_temp_path %1$s/t4;
          server {
            listen 80;
            listen [::]:80;
            location /who { return 200 "$remote_addr\\n"; }
            location / { root %1$s/www; dav_methods PUT; }
          }
        }
        """
            .formatted(directory));
    start(s, "nginx", "-c", config.toString(), "-e", file("error.log"));
    awaitTrue(() -> host.run(ns(s, "ss", "-Hltn", "sport", "=", "80"), "").out().contains(":80"));
  }

  /** What the control interface answers. */
  String ask(String path) throws Exception {
    return ask("exit.sock", path);
  }

  String ask(String socket, String path) throws Exception {
    return new ControlClient(directory.resolve(socket), "exit").get(path).text();
  }

  Map<String, ?> status() throws Exception {
    return Json.parseObject(ask("/v1/status").getBytes(UTF_8));
  }

  static double number(Map<String, ?> json, String... path) {
    Object value = json;
    for (String name : path) {
      value = value instanceof Map<?, ?> map ? map.get(name) : null;
    }
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    throw new AssertionError("no " + List.of(path) + " in " + json);
  }

  Process start(String namespace, String... command) throws IOException {
    Process process =
        new ProcessBuilder(ns(namespace, command))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .redirectOutput(
                List.of(command).contains(ExitMain.class.getName())
                    ? ProcessBuilder.Redirect.PIPE
                    : ProcessBuilder.Redirect.DISCARD)
            .start();
    processes.add(process);
    return process;
  }

  /** Ends gracefully. */
  static void stop(Process exit) throws Exception {
    exit.destroy();
    assertThat(exit.waitFor(PATIENCE_S, TimeUnit.SECONDS)).as("ends after SIGTERM").isTrue();
    assertThat(exit.exitValue()).isIn(0, 143);
  }

  static void kill(Process exit) throws Exception {
    assertThat(exit.destroyForcibly().waitFor(PATIENCE_S, TimeUnit.SECONDS)).isTrue();
  }

  String kernelState() throws Exception {
    return in(x, "ip", "-4", "route", "show", "table", "all").replace(" linkdown", "")
        + in(x, "ip", "-o", "link").replaceAll("state \\S+", "")
        + in(x, "nft", "list", "ruleset")
        + in(x, "ip", "-6", "route", "show", "table", "all").replaceAll("local fe80:.*\n", "")
        + in(x, "sysctl", "-n", "net.ipv4.ip_forward", "net.ipv4.ip_local_reserved_ports")
        + in(x, "sysctl", "-a", "-r", "^net\\.ipv6\\.conf\\.[^ ]*\\.(forwarding|accept_ra)$");
  }

  String in(String namespace, String... command) throws Exception {
    return host.check(ns(namespace, command), "");
  }

  static List<String> ns(String namespace, String... command) {
    List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
    all.addAll(List.of(command));
    return all;
  }

  String file(String name) {
    return directory.resolve(name).toString();
  }

  interface Condition {
    boolean holds() throws Exception;
  }

  static void awaitTrue(Condition condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
    while (!condition.holds()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("not within " + PATIENCE_S + " s");
      }
      Thread.sleep(20);
    }
  }
}
