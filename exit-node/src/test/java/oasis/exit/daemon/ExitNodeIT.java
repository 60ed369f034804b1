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
import oasis.os.linux.LinuxCommandRunner;
import oasis.os.linux.Netns;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The exit node as its own process between a client namespace and a server namespace, with real
 * programs at both ends.
 */
@Timeout(120)
class ExitNodeIT {
  private static final String SERVER = "203.0.113.2";
  private static final String EXIT_OUTSIDE = "203.0.113.1";
  private static final int PORT = 4700;

  @TempDir Path directory;
  private final String base = "oas-exit-" + ProcessHandle.current().pid();
  private final String c = base + "-c";
  private final String x = base + "-x";
  private final String s = base + "-s";
  private final CommandRunner host = new LinuxCommandRunner();
  private final List<Process> processes = new ArrayList<>();

  @BeforeEach
  void network() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    assumeTrue(Files.exists(Path.of("/dev/net/tun")), "needs /dev/net/tun");
    for (String name : List.of(c, x, s)) {
      Netns.create(host, name);
    }
    link(c, "192.0.2.2", x, "192.0.2.1", "cx");
    link(x, EXIT_OUTSIDE, s, SERVER, "xs");
    in(x, "sysctl", "-qw", "net.ipv4.ip_forward=0");
  }

  @AfterEach
  void end() throws Exception {
    for (Process process : processes) {
      process.destroyForcibly().waitFor(5, TimeUnit.SECONDS);
    }
    for (String name : List.of(c, x, s)) {
      Netns.delete(host, name);
    }
  }

  @Test
  void realProgramsReachARealServerAndLeaveNothingBehind() throws Exception {
    String before = kernelState();
    Process exit = startExit("--allow", "192.0.2.0/24", "--flow-log", file("flows.log"));
    startNginx();
    try (TunnelClient client = client()) {
      assertThat(client.keepAlive()).isEqualTo(1);
      assertThat(in(c, "ping", "-c", "2", "-i", "0.2", "-W", "2", SERVER)).contains(" 0% packet");
      assertThat(in(c, "curl", "-sS", "-m", "5", "http://" + SERVER + "/who"))
          .as("the address that the server saw")
          .isEqualTo(EXIT_OUTSIDE + "\n");
      in(c, "curl", "-sS", "-m", "20", "-o", file("big"), "http://" + SERVER + "/big");
      assertThat(directory.resolve("big")).hasSize(50_000_000);
      assertThat(Files.mismatch(directory.resolve("big"), directory.resolve("www/big")))
          .isEqualTo(-1);
      in(c, "curl", "-sS", "-m", "20", "-T", file("big"), "http://" + SERVER + "/up");
      assertThat(Files.mismatch(directory.resolve("big"), directory.resolve("www/up")))
          .isEqualTo(-1);
      // A datagram larger than the MTU: fragments both ways.
      assertThat(in(c, "ping", "-c", "1", "-s", "3000", "-W", "2", SERVER)).contains(" 0% packet");
      assertThat(host.run(ns(c, "dig", "+tries=1", "@" + SERVER, "x.example"), "").out())
          .as("nobody listens at port 53, and the ICMP error says so")
          .contains("connection refused");
    }
    assertThat(number(status(), "engine", "outPkts")).isGreaterThan(1000);
    assertThat(number(status(), "conntrackMax")).isGreaterThan(1000);
    assertThat(run(0, "status")).contains("1 clients", "192.0.2.0/24");
    assertThat(run(0, "flows")).contains("tcp", SERVER + ":80");
    stop(exit);
    assertThat(kernelState()).isEqualTo(before);
    assertThat(Files.readString(directory.resolve("flows.log")))
        .contains("protocol=tcp client=192.0.2.2:", "destination=" + SERVER + ":80", "end=closed");
    assertThat(directory.resolve("exit.state")).doesNotExist();
    assertThat(run(1, "status")).contains("no exit is running at");
  }

  @Test
  void iperfRunsBothWays() throws Exception {
    startExit("--allow", "192.0.2.2");
    start(s, "iperf3", "-s");
    try (TunnelClient client = client()) {
      awaitTrue(
          () -> host.run(ns(s, "ss", "-Hltn", "sport", "=", "5201"), "").out().contains("5201"));
      for (String way : List.of("-t2", "-Rt2")) {
        byte[] report = in(c, "iperf3", "-J", way, "-c", SERVER).getBytes(UTF_8);
        double mbits =
            number(Json.parseObject(report), "end", "sum_received", "bits_per_second") / 1e6;
        System.out.printf("iperf3 %s: %.0f Mbit/s%n", way, mbits);
        assertThat(mbits).isGreaterThan(100);
      }
      assertThat(client.keepAlive()).isEqualTo(1);
    }
  }

  @Test
  void aStrangerGetsNothingNotEvenAKeepAlive() throws Exception {
    startExit("--allow", "198.51.100.0/24");
    try (TunnelClient client = client()) {
      assertThat(client.keepAlive()).isZero();
      assertThat(host.run(ns(c, "ping", "-c", "1", "-W", "1", SERVER), "").ok()).isFalse();
    }
    assertThat(number(status(), "engine", "drops", "NOT_ALLOWED")).isGreaterThanOrEqualTo(2);
  }

  @Test
  void closedDestinationsAreRefusedAtOnceAndCanBeOpened() throws Exception {
    in(s, "ip", "address", "add", "10.5.0.1/32", "dev", "lo");
    in(s, "ip", "address", "add", "10.6.0.1/32", "dev", "lo");
    in(x, "ip", "route", "add", "10.0.0.0/8", "via", SERVER);
    startNginx();
    startExit("--allow", "192.0.2.0/24", "--allow-destination", "10.6.0.0/16");
    try (TunnelClient client = client()) {
      assertThat(client.keepAlive()).isEqualTo(1);
      long began = System.nanoTime();
      CommandRunner.Result refused =
          host.run(ns(c, "curl", "-sS", "-m", "5", "http://10.5.0.1/who"), "");
      assertThat(refused.status()).as(refused.err()).isEqualTo(7); // could not connect
      assertThat(System.nanoTime() - began).isLessThan(2_000_000_000L);
      assertThat(in(c, "curl", "-sS", "-m", "5", "http://10.6.0.1/who"))
          .isEqualTo(EXIT_OUTSIDE + "\n");
      assertThat(host.run(ns(c, "ping", "-c", "1", "-W", "1", EXIT_OUTSIDE), "").ok())
          .as("the node's own address")
          .isFalse();
    }
  }

  @Test
  void afterASigkillTheHostWorksAndCleanupRemovesTheRest() throws Exception {
    String before = kernelState();
    Process exit = startExit("--allow", "192.0.2.0/24");
    assertThat(in(x, "sysctl", "-n", "net.ipv4.ip_forward")).isEqualTo("1\n");
    assertThat(run(1, "cleanup")).contains("is running");
    kill(exit);
    assertThat(in(x, "ping", "-c", "1", "-W", "2", SERVER)).contains(" 0% packet");
    awaitTrue(() -> in(x, "nft", "list", "tables").isEmpty());
    assertThat(in(x, "ip", "-4", "route")).doesNotContain("oasx0");
    assertThat(run(0, "cleanup")).contains("set net.ipv4.ip_forward back to 0");
    assertThat(kernelState()).isEqualTo(before);
    assertThat(run(0, "cleanup")).contains("nothing to clean up");

    kill(startExit("--allow", "192.0.2.0/24"));
    stop(startExit("--allow", "192.0.2.0/24"));
    assertThat(kernelState()).as("the next start repairs, too").isEqualTo(before);
  }

  @Test
  void theTableComesBackWhenItsHolderDies() throws Exception {
    startExit("--allow", "192.0.2.0/24");
    long pid = (long) number(status(), "pid");
    ProcessHandle nft =
        ProcessHandle.of(pid)
            .orElseThrow()
            .children()
            .filter(child -> child.info().command().orElse("").endsWith("nft"))
            .findFirst()
            .orElseThrow();
    nft.destroyForcibly();
    awaitTrue(() -> !nft.isAlive());
    awaitTrue(() -> in(x, "nft", "list", "tables").contains("oasis_exit"));
  }

  @Test
  void itDoesNotStartWithoutClientsNorTwiceNorInsideItsOwnPool() throws Exception {
    assertThat(run(1, "run")).contains("--allow PREFIX").contains("--open").hasLineCount(1);
    assertThat(run(1, "run", "--allow", "192.0.2.0/33")).contains("prefix length").hasLineCount(1);
    in(x, "ip", "address", "add", "100.70.0.1/16", "dev", "lo");
    assertThat(run(1, "run", "--allow", "192.0.2.0/24")).contains("--pool");
    startExit("--open", "--pool", "10.255.0.0/16");
    assertThat(run(1, "run", "--open")).contains("another process listens at");
    try (TunnelClient client = client()) {
      assertThat(client.keepAlive()).isEqualTo(1);
      assertThat(in(c, "ping", "-c", "1", "-W", "2", SERVER)).contains(" 0% packet");
    }
  }

  private TunnelClient client() throws Exception {
    TunnelClient client = new TunnelClient(c, "oast0", Endpoint.ipv4(192, 0, 2, 1, PORT));
    in(c, "ip", "address", "add", "10.9.8.7/32", "dev", "oast0");
    in(c, "ip", "link", "set", "oast0", "up");
    for (String there : List.of("203.0.113.0/24", "10.5.0.0/16", "10.6.0.0/16")) {
      in(c, "ip", "route", "add", there, "dev", "oast0");
    }
    return client;
  }

  private void link(String a, String addressA, String b, String addressB, String name)
      throws Exception {
    in(a, "ip", "link", "add", name, "type", "veth", "peer", "name", name, "netns", b);
    in(a, "ip", "address", "add", addressA + "/24", "dev", name);
    in(b, "ip", "address", "add", addressB + "/24", "dev", name);
    in(a, "ip", "link", "set", name, "up");
    in(b, "ip", "link", "set", name, "up");
  }

  private Process startExit(String... options) throws Exception {
    List<String> command = new ArrayList<>(java());
    command.addAll(List.of("run", "--control", file("exit.sock")));
    command.addAll(List.of(options));
    Process process = start(x, command.toArray(String[]::new));
    BufferedReader reader = process.inputReader();
    for (String line = reader.readLine(); ; line = reader.readLine()) {
      if (line == null) {
        throw new AssertionError("the exit node ended");
      }
      if (line.startsWith("Ready")) {
        return process;
      }
    }
  }

  private List<String> java() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx64m",
        "-XX:+UseSerialGC",
        "-cp",
        System.getProperty("java.class.path"),
        ExitMain.class.getName());
  }

  /** Runs the command line to its end; gives what it printed. */
  private String run(int status, String... words) throws Exception {
    List<String> command = new ArrayList<>(java());
    command.addAll(List.of(words));
    command.addAll(List.of("--control", file("exit.sock")));
    CommandRunner.Result result = host.run(ns(x, command.toArray(String[]::new)), "");
    assertThat(result.status()).as("%s%s", result.out(), result.err()).isEqualTo(status);
    return result.ok() ? result.out() : result.err();
  }

  private void startNginx() throws Exception {
    Path www = Files.createDirectories(directory.resolve("www"));
    byte[] big = new byte[50_000_000];
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
            location /who { return 200 "$remote_addr\\n"; }
            location / { root %1$s/www; dav_methods PUT; }
          }
        }
        """
            .formatted(directory));
    start(s, "nginx", "-c", config.toString(), "-e", file("error.log"));
    awaitTrue(() -> host.run(ns(s, "ss", "-Hltn", "sport", "=", "80"), "").out().contains(":80"));
  }

  private Map<String, ?> status() throws Exception {
    return Json.parseObject(
        new ControlClient(directory.resolve("exit.sock"), "exit").get("/v1/status").body());
  }

  private static double number(Map<String, ?> json, String... path) {
    Object value = json;
    for (String name : path) {
      value = value instanceof Map<?, ?> map ? map.get(name) : null;
    }
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    throw new AssertionError("no " + List.of(path) + " in " + json);
  }

  private Process start(String namespace, String... command) throws IOException {
    Process process =
        new ProcessBuilder(ns(namespace, command))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .redirectOutput(
                command[0].endsWith("java")
                    ? ProcessBuilder.Redirect.PIPE
                    : ProcessBuilder.Redirect.DISCARD)
            .start();
    processes.add(process);
    return process;
  }

  /** Ends gracefully. */
  private static void stop(Process exit) throws Exception {
    exit.destroy();
    assertThat(exit.waitFor(10, TimeUnit.SECONDS)).as("ends after SIGTERM").isTrue();
    assertThat(exit.exitValue()).isIn(0, 143);
  }

  private static void kill(Process exit) throws Exception {
    assertThat(exit.destroyForcibly().waitFor(5, TimeUnit.SECONDS)).isTrue();
  }

  private String kernelState() throws Exception {
    return in(x, "ip", "-4", "route", "show", "table", "all").replace(" linkdown", "")
        + in(x, "ip", "-o", "link").replaceAll("state \\S+", "")
        + in(x, "nft", "list", "ruleset")
        + in(x, "sysctl", "-n", "net.ipv4.ip_forward");
  }

  private String in(String namespace, String... command) throws Exception {
    return host.check(ns(namespace, command), "");
  }

  private static List<String> ns(String namespace, String... command) {
    List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
    all.addAll(List.of(command));
    return all;
  }

  private String file(String name) {
    return directory.resolve(name).toString();
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void awaitTrue(Condition condition) throws Exception {
    for (int i = 0; i < 500; i++) {
      if (condition.holds()) {
        return;
      }
      Thread.sleep(20);
    }
    throw new AssertionError("not within 10 s");
  }
}
