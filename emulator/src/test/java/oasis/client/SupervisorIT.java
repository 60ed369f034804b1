// SPDX-License-Identifier: Apache-2.0
package oasis.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import oasis.emulator.StalledThread;
import org.junit.jupiter.api.Test;

/** A client that hangs gives its host's network back; one that only had to wait lives on. */
class SupervisorIT extends InClientLab {
  private static final int KILLED = 128 + 9;

  /** It takes three seconds; what needs more than thrice as long does something else. */
  private static final long LIMIT_MS = 10_000;

  @Test
  void aStalledDataLoopIsEndedSoon() throws Exception {
    Process client = startWithRules();

    try (StalledThread loop = StalledThread.of(client.pid(), "data")) {
      long began = System.nanoTime();
      assertThat(client.waitFor(LIMIT_MS, TimeUnit.MILLISECONDS)).as("%s: killed", loop).isTrue();
      assertNetworkSince(began);
    }
    assertThat(client.exitValue()).isEqualTo(KILLED);
  }

  @Test
  void aSupervisorThatSomebodyKilledIsReplacedAndTheNextOneWatches() throws Exception {
    Process client = startWithRules();
    ProcessHandle first = supervisor(client).orElseThrow();
    assertThat(session(first.pid()))
        .as("what hits the client's group spares it")
        .isEqualTo(first.pid());

    first.destroyForcibly();

    ClientLab.await(() -> supervisor(client).filter(next -> next.pid() != first.pid()).isPresent());
    ClientLab.await(() -> Boolean.TRUE.equals(lab.status().get("supervisorAlive")));
    TimeUnit.MILLISECONDS.sleep(700); // its first beat, after which it has no more patience
    long began = System.nanoTime();
    signal("STOP", client.pid());
    assertThat(client.waitFor(LIMIT_MS, TimeUnit.MILLISECONDS)).as("killed").isTrue();
    assertNetworkSince(began);
    assertThat(client.exitValue()).isEqualTo(KILLED);
  }

  @Test
  void aMachineThatStoodStillOrIsOverloadedKeepsItsClient() throws Exception {
    Process client = startWithRules();
    long supervisor = supervisor(client).orElseThrow().pid();
    signal("STOP", supervisor);
    signal("STOP", client.pid());
    TimeUnit.SECONDS.sleep(4);
    // By one program: on a busy machine the start of another one takes longer than the pause.
    String both = "kill -CONT %d; sleep 0.3; kill -CONT %d";
    lab.in(lab.client, "sh", "-c", both.formatted(supervisor, client.pid()));

    List<Process> load = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      // Of other sessions: the kernel shares processors fairly between them, and a load of the
      // client's own one would leave the supervisor, which has one of its own, alone.
      String busy = "while :; do :; done";
      load.add(lab.start(lab.client, "setsid", "-w", "timeout", "4", "sh", "-c", busy));
    }
    for (Process one : load) {
      one.waitFor();
    }
    assertThat(client.isAlive()).isTrue();
    awaitNames();
  }

  /** On a busy machine probes get lost: until the next answer names are answered genuinely. */
  private void awaitNames() throws Exception {
    lab.awaitCarrier("ron", "alive");
    ClientLab.await(() -> lab.dig("www.example.edu").startsWith("198.18."));
  }

  private Process startWithRules() throws Exception {
    lab.startExit();
    Process client =
        lab.startClient(
            "--overlay", OVERLAY, "--rule", "tcp dport 80 ron", "--rule", "name:*.edu ron");
    awaitNames();
    return client;
  }

  private void assertNetworkSince(long beganNs) throws Exception {
    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.CLIENT);
    assertThat(lab.dig("www.example.edu")).isEqualTo(ClientLab.SERVER);
    assertThat((System.nanoTime() - beganNs) / 1_000_000).as("ms").isLessThan(LIMIT_MS);
  }

  private void signal(String name, long pid) throws Exception {
    lab.in(lab.client, "kill", "-" + name, Long.toString(pid));
  }

  private static Optional<ProcessHandle> supervisor(Process client) {
    return client
        .toHandle()
        .children()
        .filter(child -> child.info().command().orElse("").endsWith("/bash"))
        .findFirst();
  }

  /** Field 6 of proc(5)'s stat, counted from behind the name. */
  private static long session(long pid) throws Exception {
    String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
    return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ", 5)[3]);
  }
}
