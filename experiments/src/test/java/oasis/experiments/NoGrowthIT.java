// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.emulator.Program;
import oasis.lab.Daemons;
import oasis.lab.Lab;
import oasis.lab.Servers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What connections, look-ups, changed rules and questions of the command line need is given back:
 * after many of them client and exit node have as many open files and threads as after a few, and
 * no more live objects than what a connection that has just ended keeps.
 */
@Timeout(600)
class NoGrowthIT {
  private static final int ROUNDS = 4;
  private static final int CONNECTIONS = 250;

  /**
   * What tables that grow by need take for the connections of the later rounds: a closed one
   * lingers for minutes.
   */
  private static final long SLACK_BYTES = 640L * CONNECTIONS * ROUNDS;

  private static final Pattern TOTAL = Pattern.compile("(?m)^Total +[0-9]+ +([0-9]+)");

  /** What a daemon holds. */
  private record Held(long openFiles, long threads, long liveBytes) {}

  @TempDir Path directory;
  private Lab lab;
  private final List<Program> daemons = new ArrayList<>();

  @BeforeEach
  void start() throws Exception {
    Lab.assumePossible();
    lab = Lab.start(directory);
    lab.servers().startWeb(80);
    daemons.add(lab.daemons().startExit("--backend", "raw"));
    daemons.add(
        lab.daemons()
            .startClient(
                "--overlay", "lab=" + Daemons.OVERLAY_URL, "--rule", "name:*.overlay.test lab"));
    lab.daemons().awaitAlive();
  }

  @AfterEach
  void end() {
    if (lab != null) {
      lab.close();
    }
  }

  @Test
  void useLeavesNeitherOpenFilesNorThreadsNorObjectsBehind() throws Exception {
    use();
    use(); // what is made once has been made
    List<Held> before = held();
    for (int i = 0; i < ROUNDS; i++) {
      use();
    }
    List<Held> after = held();

    for (int i = 0; i < before.size(); i++) {
      Held was = before.get(i);
      Held is = after.get(i);
      assertThat(is.openFiles).as("open files: %s, %s", was, is).isEqualTo(was.openFiles);
      assertThat(is.threads).as("threads: %s, %s", was, is).isLessThanOrEqualTo(was.threads);
      assertThat(is.liveBytes - was.liveBytes)
          .as("bytes of live objects: %s, %s", was, is)
          .isLessThan(SLACK_BYTES);
    }
  }

  /** Connections by name through the overlay, a rule that comes and goes, and questions. */
  private void use() throws Exception {
    lab.run(
        "curl",
        "-sSf",
        "--no-keepalive",
        "-H",
        "Connection: close",
        "-o",
        "/dev/null",
        "http://" + Servers.NAME + "/who?[1-" + CONNECTIONS + "]");
    lab.daemons().tell("rule", "add", "tcp dport 9 lab");
    lab.daemons().tell("rule", "remove", "2");
    for (String what : List.of("status", "flows", "rules")) {
      lab.daemons().ask(what);
    }
    lab.daemons().askExit("clients");
  }

  private List<Held> held() throws Exception {
    List<Held> all = new ArrayList<>();
    for (Program daemon : daemons) {
      all.add(held(daemon.pid()));
    }
    return all;
  }

  private Held held(long pid) throws Exception {
    lab.daemons().jcmd(pid, "GC.run");
    String histogram = lab.daemons().jcmd(pid, "GC.class_histogram");
    Matcher total = TOTAL.matcher(histogram);
    assertThat(total.find()).as(histogram).isTrue();
    return new Held(
        entries(Path.of("/proc", Long.toString(pid), "fd")),
        threads(Path.of("/proc", Long.toString(pid), "task")),
        Long.parseLong(total.group(1)));
  }

  /** Without those that compile: the virtual machine has more of them when they lag behind. */
  private static long threads(Path folder) throws Exception {
    try (var threads = Files.list(folder)) {
      return threads.filter(thread -> !name(thread).contains("CompilerThre")).count();
    }
  }

  private static String name(Path thread) {
    try {
      return Files.readString(thread.resolve("comm"));
    } catch (IOException e) {
      return "CompilerThread that has ended";
    }
  }

  private static long entries(Path folder) throws Exception {
    try (var files = Files.list(folder)) {
      return files.count();
    }
  }
}
