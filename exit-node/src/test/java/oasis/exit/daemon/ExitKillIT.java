// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import oasis.os.CommandRunner;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An exit node that is killed, wherever in its start, or at work, leaves a host that works. */
@Timeout(600)
class ExitKillIT extends ExitLab {
  private static final int INSTANTS = 5;
  private static final int SPAN_MS = 1200;

  /** Nothing of ours is that slow to go away; what stayed would stay for minutes. */
  private static final long WORKS_MS = 20_000;

  @ParameterizedTest
  @ValueSource(strings = {"kernel", "raw"})
  void aKilledExitNodeLeavesAWorkingHostAndTheNextOneNothing(String backend) throws Exception {
    startNginx();
    String before = kernelState();
    Gen gen = new Gen(Gen.baseSeed());
    for (int i = 0; i < INSTANTS; i++) {
      // Each time at another part of the start; the last ones may be at work already.
      int span = SPAN_MS / INSTANTS;
      long ms = (long) i * span + gen.below(span);
      Process exit = startAndDoNotWait(backend);
      TimeUnit.MILLISECONDS.sleep(ms);
      kill(exit);
      assertHostWorks(backend + " killed after " + ms + " ms, seed " + gen.seed());
    }

    Process exit = startExit(options(backend));
    try (TunnelClient client = client()) {
      client.assertKeepAlive();
      String big = "http://" + SERVER + "/big";
      Process download = start(c, "curl", "-s", "-m", "30", "--limit-rate", "1M", big);
      awaitTrue(() -> ask("/v1/flows").contains(SERVER + ":80"));
      kill(exit);
      assertHostWorks(backend + " killed at work");
      download.destroyForcibly();
    }
    stop(startExit(options(backend)));
    assertThat(kernelState()).as("the next start and stop leave nothing").isEqualTo(before);
  }

  private static String[] options(String backend) {
    return new String[] {"--allow", "192.0.2.0/24", "--backend", backend};
  }

  private Process startAndDoNotWait(String backend) throws Exception {
    List<String> command = new ArrayList<>(java());
    command.addAll(List.of("run", "--control", file("exit.sock")));
    command.addAll(List.of(options(backend)));
    return start(x, command.toArray(String[]::new));
  }

  /** Both families, and a port that the raw backend keeps for itself while it lives. */
  private void assertHostWorks(String when) throws Exception {
    long began = System.nanoTime();
    for (String host : List.of(SERVER, "[" + SERVER6 + "]")) {
      String url = "http://" + host + "/who";
      String[] curl = {"curl", "-sS", "--retry", "20", "--retry-all-errors", "--retry-delay", "0"};
      List<String> argv = new ArrayList<>(List.of(curl));
      argv.addAll(List.of("-m", "10", "--local-port", "61000-61999", url));
      CommandRunner.Result result = host(argv);
      assertThat(result.ok()).as("%s: %s", when, result.err()).isTrue();
    }
    assertThat((System.nanoTime() - began) / 1_000_000).as(when).isLessThan(WORKS_MS);
    awaitTrue(() -> in(x, "nft", "list", "tables").isEmpty());
    assertThat(in(x, "ip", "-o", "link")).as(when).doesNotContain("oasx0");
  }

  private CommandRunner.Result host(List<String> argv) throws Exception {
    return host.run(ns(x, argv.toArray(String[]::new)), "");
  }
}
