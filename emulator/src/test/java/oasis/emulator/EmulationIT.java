// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import oasis.emulator.hub.WireReport;
import oasis.lab.Lab;
import oasis.link.LinkSettings;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;
import oasis.os.linux.Netns;
import oasis.testkit.Gen;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Emulations with real namespaces and programs. */
@Timeout(600)
class EmulationIT {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final long MS = 1_000_000;

  @TempDir Path directory;

  @BeforeAll
  static void onlyAsRoot() {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root for namespaces");
  }

  private Emulation.Options options() {
    return new Emulation.Options(
        directory.resolve("out"), directory.resolve("state"), Duration.ofMillis(5));
  }

  private static Topology pair(LinkSettings settings) {
    return Topology.builder("pair")
        .seed(3)
        .host("a", "10.99.0.53")
        .host("b")
        .link("a", "10.99.0.1/24", "b", "10.99.0.2/24", settings)
        .build();
  }

  private static List<Path> namespacesOf(String prefix) throws Exception {
    Path root = Path.of("/run/netns");
    if (!Files.exists(root)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(root)) {
      return all.filter(path -> path.getFileName().toString().startsWith(prefix)).toList();
    }
  }

  @Test
  void aPingTakesTheDelayBothWays() throws Exception {
    try (Emulation emulation = Emulation.start(pair(LinkSettings.delay(20 * MS)), options())) {
      String out =
          emulation.node("a").exec(SOON, "ping", "-c", "50", "-i", "0.02", "10.99.0.2").out();
      List<Double> times = new ArrayList<>();
      Matcher m = Pattern.compile("time=([0-9.]+) ms").matcher(out);
      while (m.find()) {
        times.add(Double.parseDouble(m.group(1)));
      }
      double[] sorted = times.stream().mapToDouble(Double::doubleValue).sorted().toArray();
      assertThat(sorted).hasSize(50);
      // ping prints three digits; the machine may be busy: only a delay too many would be more.
      assertThat(sorted[0]).isBetween(39.9, 59.0);
      assertThat(emulation.report().wires())
          .extracting(WireReport::received)
          .containsExactly(50L, 50L);
    }
  }

  @Test
  void everyByteOfTcpAndUdpArrives() throws Exception {
    byte[] content = new Gen(1).bytes(3_000_000);
    Path file = directory.resolve("content");
    Files.write(file, content);
    LinkSettings settings = LinkSettings.delay(2 * MS).withRate(200_000_000);
    try (Emulation emulation = Emulation.start(pair(settings), options())) {
      Node a = emulation.node("a");
      Node b = emulation.node("b");
      Program server = b.start("socat", "-u", "TCP-LISTEN:7000", "STDOUT");
      Listeners.await(b, "-tln", "7000");
      assertThat(a.exec(SOON, "socat", "-u", "FILE:" + file, "TCP:10.99.0.2:7000").status())
          .isZero();
      assertThat(server.waitFor(SOON)).isZero();
      assertThat(sha256(server.outputFile())).isEqualTo(sha256(file));

      byte[] little = Arrays.copyOf(content, 1000);
      Path small = directory.resolve("small");
      Files.write(small, little);
      Program udp = b.start("socat", "-u", "UDP-RECVFROM:7001", "STDOUT");
      Listeners.await(b, "-uln", "7001");
      a.exec(SOON, "socat", "-u", "FILE:" + small, "UDP-SENDTO:10.99.0.2:7001");
      assertThat(udp.waitFor(SOON)).isZero();
      assertThat(sha256(udp.outputFile())).isEqualTo(sha256(small));
      assertThat(emulation.report().wires())
          .allSatisfy(wire -> assertThat(wire.oversized() + wire.badStamps()).isZero());
    }
  }

  @Test
  void tcpIsCubicAlsoWhereANodeTalksToItself() throws Exception {
    try (Emulation emulation = Emulation.start(pair(LinkSettings.UNSHAPED), options())) {
      Node a = emulation.node("a");
      for (String address : List.of("127.0.0.1", "127.0.0.9", "::1")) {
        List<Socket> sockets = Netns.in(a.namespace(), () -> connected(address));
        String said = a.exec(SOON, "ss", "-tiH").out();
        for (Socket socket : sockets) {
          socket.close();
        }
        assertThat(said.lines().filter(line -> line.startsWith("\t")))
            .as(address)
            .hasSize(2)
            .allSatisfy(line -> assertThat(line.strip()).startsWith("cubic "));
      }
    }
  }

  /** Both ends of a connection. */
  private static List<Socket> connected(String address) throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getByName(address))) {
      Socket socket = new Socket(server.getInetAddress(), server.getLocalPort());
      return List.of(socket, server.accept());
    }
  }

  private static String sha256(Path file) throws Exception {
    byte[] digest =
        java.security.MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
    return java.util.HexFormat.of().formatHex(digest);
  }

  @Test
  void theRateIsKept() throws Exception {
    LinkSettings settings = LinkSettings.delay(5 * MS).withRate(20_000_000);
    try (Emulation emulation = Emulation.start(pair(settings), options())) {
      Program server = emulation.node("b").start("iperf3", "-s", "-1", "--forceflush");
      server.awaitLine("listening", SOON);
      CommandRunner.Result result =
          emulation
              .node("a")
              .exec(SOON, "iperf3", "-c", "10.99.0.2", "-t", "4", "-f", "k", "-O", "1");
      Matcher m = Pattern.compile("([0-9]+) Kbits/sec +receiver").matcher(result.out());
      assertThat(m.find()).as(result.out() + result.err()).isTrue();
      // 1448 of each 1514 bytes are TCP's payload: 19.13 Mbit/s at most, and what was held up
      // before the measured time began; less when the machine is busy.
      assertThat(Integer.parseInt(m.group(1))).isBetween(10_000, 20_500);
    }
  }

  @Test
  void lossIsCountedAndTheSameForEqualSeeds() throws Exception {
    LinkSettings settings = LinkSettings.delay(MS).withLossPpb(100_000_000);
    List<List<Long>> runs = new ArrayList<>();
    for (int run = 0; run < 2; run++) {
      try (Emulation emulation = Emulation.start(pair(settings), options())) {
        String out =
            emulation
                .node("a")
                .exec(SOON, "ping", "-q", "-c", "400", "-i", "0.002", "10.99.0.2")
                .out();
        List<WireReport> wires = emulation.report().wires();
        long lost = wires.get(0).lost() + wires.get(1).lost();
        assertThat(wires.get(0).received()).isEqualTo(400);
        assertThat(wires.get(0).lost()).isBetween(10L, 80L);
        assertThat(out).contains((400 - lost) + " received");
        runs.add(wires.stream().map(WireReport::lost).toList());
      }
    }
    assertThat(runs.get(1)).isEqualTo(runs.get(0));
  }

  @Test
  void packetsFollowTheComputedRoutes() throws Exception {
    Topology topology =
        Topology.builder("line")
            .host("a")
            .router("r1")
            .router("r2")
            .host("b")
            .link("a", "10.1.0.2/24", "r1", "10.1.0.1/24")
            .link("r1", "10.2.0.1/24", "r2", "10.2.0.2/24", LinkSettings.delay(3 * MS))
            .link("b", "10.3.0.2/24", "r2", "10.3.0.1/24", LinkSettings.delay(2 * MS))
            .build();
    try (Emulation emulation = Emulation.start(topology, options())) {
      CommandRunner.Result result =
          emulation.node("a").exec(SOON, "ping", "-c", "3", "-i", "0.1", "10.3.0.2");
      assertThat(result.status()).as(result.out() + result.err()).isZero();
      assertThat(result.out()).contains("ttl=62");
    }
  }

  @Test
  void programsRunAndTheirOutputIsCollected() throws Exception {
    try (Emulation emulation = Emulation.start(pair(LinkSettings.UNSHAPED), options())) {
      Node a = emulation.node("a");
      List<String> lines = new CopyOnWriteArrayList<>();
      Program program =
          a.start(
              Command.of(
                      "sh",
                      "-c",
                      "echo one; echo two >&2; echo $WORD; cat /etc/resolv.conf; exit 7")
                  .withVariable("WORD", "three")
                  .withListener(lines::add));
      assertThat(program.waitFor(SOON)).isEqualTo(7);
      assertThat(program.output()).startsWith("one\nthree\n").contains("nameserver 10.99.0.53");
      assertThat(program.errors()).isEqualTo("two\n");
      assertThat(lines).contains("one", "two", "three");
      assertThat(program.awaitLine("three", SOON)).isEqualTo("three");
      assertThatThrownBy(() -> program.awaitLine("four", SOON))
          .isInstanceOf(OsException.class)
          .hasMessageContaining("before it ended");
      assertThat(a.exec(SOON, "no-such-program").status()).isEqualTo(127);
      assertThatThrownBy(() -> a.exec(Duration.ofMillis(300), "sleep", "60"))
          .isInstanceOf(OsException.class)
          .hasMessageContaining("no end after 300 ms");
      assertThat(emulation.settings()).containsKeys("a", "b");
    }
  }

  @Test
  void aNodeWithCoresRunsAndReceivesThere() throws Exception {
    Topology topology =
        Topology.builder("cores")
            .cores(new Cores("0"))
            .host("a")
            .cores(null)
            .host("b")
            .link("a", "10.0.0.1/24", "b", "10.0.0.2/24")
            .build();
    try (Emulation emulation = Emulation.start(topology, options())) {
      String script =
          "grep Cpus_allowed_list /proc/self/status; cat /sys/class/net/eth0/queues/rx-0/rps_cpus";
      String[] mine = emulation.node("a").exec(SOON, "sh", "-c", script).out().split("\\s+", -1);
      assertThat(mine[1]).isEqualTo("0");
      assertThat(new BigInteger(mine[2].replace(",", ""), 16)).isEqualTo(BigInteger.ONE);
      String[] all = emulation.node("b").exec(SOON, "sh", "-c", script).out().split("\\s+", -1);
      assertThat(new BigInteger(all[2].replace(",", ""), 16)).isEqualTo(BigInteger.ZERO);
      assertThat(emulation.node("a").exec(SOON, "ping", "-c", "1", "10.0.0.2").ok()).isTrue();
    }
    int none = Runtime.getRuntime().availableProcessors();
    Topology wrong = Topology.builder("wrong").cores(Cores.range(none, none)).host("a").build();
    assertThatThrownBy(() -> Emulation.start(wrong, options()).close())
        .isInstanceOf(OsException.class)
        .hasMessage("node a: cores %d of a machine that has %d", none, none);
  }

  @Test
  void closeLeavesNothing() throws Exception {
    String prefix;
    Program daemon;
    try (Emulation emulation = Emulation.start(pair(LinkSettings.delay(MS)), options())) {
      prefix = emulation.node("a").namespace().replaceAll("a$", "");
      assertThat(namespacesOf(prefix)).hasSize(3);
      daemon = emulation.node("b").start("sh", "-c", "setsid %1$s & %1$s".formatted(sleep("1")));
      Lab.await("both programs", () -> processesWith(sleep("1")).size() == 2);
    }
    assertThat(daemon.isAlive()).isFalse();
    assertThat(namespacesOf(prefix)).isEmpty();
    assertThat(Path.of("/etc/netns", prefix + "a")).doesNotExist();
    assertThat(StateFile.list(directory.resolve("state"))).isEmpty();
    assertThat(processesWith(sleep("1"))).isEmpty();
  }

  @Test
  void aTopologyThatCannotBeBuiltLeavesNothing() throws Exception {
    Emulation.Options noPlace =
        new Emulation.Options(directory, Path.of("/proc/no"), Duration.ofMillis(1));
    assertThatThrownBy(() -> Emulation.start(pair(LinkSettings.UNSHAPED), noPlace))
        .isInstanceOf(OsException.class);
  }

  @Test
  void afterSigkillNothingIsLeft() throws Exception {
    Path topology = Path.of("..", "docs", "examples", "two-hosts.xml");
    Path state = directory.resolve("state");
    Process emulator =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                CrashingEmulator.class.getName(),
                topology.toString(),
                directory.resolve("crashed").toString(),
                state.toString(),
                sleep("2"))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertThat(emulator.inputReader().readLine()).isEqualTo("ready");
    } finally {
      emulator.destroyForcibly().waitFor();
    }
    String prefix = "oas-" + emulator.pid() + "-";
    Lab.await("its state is gone", () -> StateFile.list(state).isEmpty());
    Lab.await("what it had started has ended", () -> !anyRuns("ip netns add " + prefix));
    assertThat(namespacesOf(prefix)).isEmpty();
    assertThat(processesWith(sleep("2"))).isEmpty();
  }

  @Test
  void whatADeadEmulatorLeftIsRemovedWithItsProcesses() throws Exception {
    String name = "oas-" + ProcessHandle.current().pid() + ".99-left";
    CommandRunner runner = new LinuxCommandRunner();
    runner.check("ip", "netns", "add", name);
    Process daemon =
        new ProcessBuilder("ip", "netns", "exec", name, "setsid", "sleep", "984").start();
    try {
      Path state = directory.resolve("state");
      long pid = ProcessHandle.current().pid();
      new StateFile(pid, 1, List.of(name, "oas-1-never-made")).write(state, "dead");
      StateFile.ofThisProcess(List.of("oas-1-other")).write(state, "alive");
      assertThat(Emulation.cleanUp(state)).containsExactly(name, "oas-1-never-made");
      assertThat(daemon.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(namespacesOf(name)).isEmpty();
      assertThat(StateFile.list(state)).containsExactly(state.resolve("alive.state"));
    } finally {
      daemon.destroyForcibly();
      runner.run(List.of("ip", "netns", "del", name), "");
    }
  }

  @Test
  void cleanUpsAtTheSameTimeDoNotDisturbEachOther() throws Exception {
    CommandRunner runner = new LinuxCommandRunner();
    Path state = directory.resolve("state");
    List<String> names = new ArrayList<>();
    ExecutorService cleaners = Executors.newFixedThreadPool(4);
    try {
      for (int i = 0; i < 12; i++) {
        String name = "oas-" + ProcessHandle.current().pid() + ".98-left" + i;
        names.add(name);
        runner.check("ip", "netns", "add", name);
        new StateFile(ProcessHandle.current().pid(), 1, List.of(name)).write(state, "dead" + i);
      }
      List<Future<List<String>>> all = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        all.add(cleaners.submit(() -> Emulation.cleanUp(state)));
      }
      for (Future<List<String>> one : all) {
        one.get(60, TimeUnit.SECONDS);
      }
      assertThat(namespacesOf("oas-" + ProcessHandle.current().pid() + ".98-")).isEmpty();
      assertThat(StateFile.list(state)).isEmpty();
    } finally {
      cleaners.shutdownNow();
      for (String name : names) {
        runner.run(List.of("ip", "netns", "del", name), "");
      }
    }
  }

  @Test
  void aStateFileThatCannotBeReadDoesNotKeepTheRestFromBeingRemoved() throws Exception {
    Path state = directory.resolve("state");
    new StateFile(ProcessHandle.current().pid(), 1, List.of("oas-1-a")).write(state, "b");
    Path broken = Files.writeString(state.resolve("a.state"), "owner x y\n");

    assertThatThrownBy(() -> Emulation.cleanUp(state))
        .isInstanceOf(OsException.class)
        .hasMessageContaining("a.state");
    assertThat(StateFile.list(state)).containsExactly(broken);
  }

  /** A process of its own that starts an emulation and waits to be killed. */
  static final class CrashingEmulator {
    private CrashingEmulator() {}

    public static void main(String[] args) throws Exception {
      Emulation emulation =
          Emulation.start(
              Topology.read(Path.of(args[0])),
              new Emulation.Options(Path.of(args[1]), Path.of(args[2]), Duration.ofSeconds(1)));
      emulation.node("alice").start("sh", "-c", "exec " + args[3]);
      emulation.node("bob").start("sh", "-c", "setsid %1$s & %1$s".formatted(args[3]));
      Lab.await("three programs", () -> processesWith(args[3]).size() == 3);
      // What was started to make a namespace goes on for a moment.
      String late = "while kill -0 %d; do sleep 0.05; done; sleep 0.15; ip netns add %s";
      long self = ProcessHandle.current().pid();
      new ProcessBuilder(
              "sh", "-c", late.formatted(self, emulation.node("bob").namespace()) + " 2> /dev/null")
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start();
      System.out.println("ready");
      TimeUnit.SECONDS.sleep(60);
    }
  }

  /** A command line that no run of these tests at the same time has. */
  private static String sleep(String suffix) {
    return "sleep " + ProcessHandle.current().pid() + suffix;
  }

  private static boolean anyRuns(String part) {
    return ProcessHandle.allProcesses()
        .anyMatch(process -> process.info().commandLine().orElse("").contains(part));
  }

  private static List<String> processesWith(String commandLine) {
    return ProcessHandle.allProcesses()
        .map(process -> process.info().commandLine().orElse(""))
        .filter(line -> line.endsWith(commandLine) && !line.contains("sh -c"))
        .toList();
  }
}
