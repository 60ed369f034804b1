// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SupervisorTest {
  private static final int KILLED = 128 + 9;

  @Test
  void aClientWhoseBeatsStopIsKilled() throws Exception {
    // The outer shell plays the client: it gives one beat and keeps the pipe open.
    Process client = client("{ echo; sleep 15; } | bash -c \"$0\" supervisor $$ & wait");

    assertThat(client.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(client.exitValue()).isEqualTo(KILLED);
  }

  @Test
  void aClientThatEndsTakesTheSupervisorWithIt() throws Exception {
    Process client = client("echo | bash -c \"$0\" supervisor $$; exit 7");

    assertThat(client.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(client.exitValue()).isEqualTo(7);
  }

  @Test
  void aProcessThatIsNotTheParentIsNeverKilled() throws Exception {
    Process other = new ProcessBuilder("sleep", "20").start();
    try {
      Process client =
          client("{ echo; sleep 4; } | bash -c \"$0\" supervisor " + other.pid() + "; exit 7");

      assertThat(client.waitFor(10, TimeUnit.SECONDS)).isTrue();
      assertThat(client.exitValue()).isEqualTo(7);
      assertThat(other.isAlive()).isTrue();
    } finally {
      other.destroyForcibly();
    }
  }

  @Test
  void aMachineThatStoodStillDoesNotCostTheClientItsLife() throws Exception {
    // Both stand still from 0.3 to 4.3 s, as in a suspend; the client's next beat takes a while.
    Process client =
        client(
            "{ echo; sleep 5.5; echo; sleep 0.5; } | bash -c \"$0\" supervisor $$ &"
                + " sleep 0.3; kill -STOP $!; sleep 4; kill -CONT $!; wait; exit 7");

    assertThat(client.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(client.exitValue()).isEqualTo(7);
  }

  @Test
  void aBeatBehindTheAnnouncementOfTheEndDoesNotTakeItBack() throws Exception {
    Process client =
        client("{ echo bye; echo; sleep 4.5; } | bash -c \"$0\" supervisor $$; exit 7");

    assertThat(client.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(client.exitValue()).isEqualTo(7);
  }

  @Test
  void aPauseOfTheMachineThatEndsWithTheClientsTimeLeavesItAMomentToBeat() throws Exception {
    // Both stand still from 0.3 to 3.05 s; the client's next beat comes a moment later.
    Process client =
        client(
            "{ echo; sleep 3.3; echo; sleep 0.5; } | bash -c \"$0\" supervisor $$ &"
                + " sleep 0.3; kill -STOP $!; sleep 2.75; kill -CONT $!; wait; exit 7");

    assertThat(client.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(client.exitValue()).isEqualTo(7);
  }

  @Test
  void aClientThatWaitsInTheKernelIsSpared(@TempDir Path tasks) throws Exception {
    String script = withTasks(tasks, "1 (main) S 1", "2 (data) D 1");

    Process client = run(script, "{ echo; sleep 5; } | bash -c \"$0\" supervisor $$; exit 7");

    assertThat(client.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(client.exitValue()).isEqualTo(7);
  }

  @Test
  void aClientThatWaitsInTheKernelIsNotSparedForEver(@TempDir Path tasks) throws Exception {
    String script = withTasks(tasks, "2 (data) D 1").replace("waited < 10", "waited < 1");

    Process client = run(script, "{ echo; sleep 15; } | bash -c \"$0\" supervisor $$ & wait");

    assertThat(client.waitFor(5, TimeUnit.SECONDS)).isFalse();
    assertThat(client.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(client.exitValue()).isEqualTo(KILLED);
  }

  @Test
  void aDataLoopThatIsStoppedIsNoReasonToSpareTheClient(@TempDir Path tasks) throws Exception {
    String script = withTasks(tasks, "1 (main) D 1", "2 (data) T 1");

    Process client = run(script, "{ echo; sleep 15; } | bash -c \"$0\" supervisor $$ & wait");

    assertThat(client.waitFor(5, TimeUnit.SECONDS)).isTrue();
    assertThat(client.exitValue()).isEqualTo(KILLED);
  }

  @Test
  void aClientThatWaitsForAProcessorIsSpared(@TempDir Path tasks) throws Exception {
    String script = withTasks(tasks, "1 (main) S 1", "2 (data) R 1");

    Process client = run(script, ages(tasks, 20, 60, 5) + "; exit 7");

    assertThat(client.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(client.exitValue()).isEqualTo(7);
  }

  @Test
  void aClientThatWaitsForAProcessorIsNotSparedForEver(@TempDir Path tasks) throws Exception {
    String script = withTasks(tasks, "2 (data) R 1").replace("spared < 4", "spared < 1");

    Process client = run(script, ages(tasks, 20, 60, 15) + " & wait");

    assertThat(client.waitFor(5, TimeUnit.SECONDS)).isFalse();
    assertThat(client.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(client.exitValue()).isEqualTo(KILLED);
  }

  @Test
  void aLoopThatTurnsWithoutABeatIsNotSparedBecauseOthersRunToo(@TempDir Path tasks)
      throws Exception {
    String script = withTasks(tasks, "2 (data) R 1");

    Process client = run(script, ages(tasks, 60, 40, 15) + " & wait");

    assertThat(client.waitFor(5, TimeUnit.SECONDS)).isTrue();
    assertThat(client.exitValue()).isEqualTo(KILLED);
  }

  @Test
  void whatIsStoppedInTheGroupOfAClientThatIsGoneGoesOn() throws Exception {
    Process client =
        run(
            Supervisor.script(),
            "setsid -w bash -c 'sleep 20 & holder=$!; kill -STOP $holder;"
                + " echo | setsid bash -c \"$0\" supervisor $$;"
                + " read -r stat < /proc/$holder/stat; kill -KILL $holder;"
                + " [[ $stat != *\") T \"* ]] || exit 8; exit 7' \"$0\"");

    assertThat(client.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(client.exitValue()).isEqualTo(7);
  }

  /**
   * A client without beats, whose first thread in every tenth of a second runs and waits for a
   * processor for so many milliseconds, until it ends.
   */
  private static String ages(Path tasks, int ranMs, int waitedMs, int seconds) {
    // Lines of one length are written over each other: no reader ever finds an empty file.
    return "{ echo; for ((i = 1; i <= %d; i++)); do".formatted(seconds * 10)
        + " echo $((10**12 + i * %d000000)) $((10**12 + i * %d000000)) 1 1<> %s/0/schedstat;"
            .formatted(ranMs, waitedMs, tasks)
        + " sleep 0.1; done; }"
        + " | bash -c \"$0\" supervisor $$";
  }

  /** The script with threads of the client that are said to be in some state. */
  private static String withTasks(Path tasks, String... stats) throws Exception {
    for (int i = 0; i < stats.length; i++) {
      Path task = Files.createDirectory(tasks.resolve(Integer.toString(i)));
      Files.writeString(task.resolve("stat"), stats[i] + "\n");
    }
    String script = Supervisor.script();
    assertThat(script).contains("/proc/$client/task");
    return script.replace("/proc/$client/task", tasks.toString());
  }

  private static Process client(String script) throws Exception {
    return run(Supervisor.script(), script);
  }

  private static Process run(String supervisor, String script) throws Exception {
    return new ProcessBuilder("bash", "-c", script, supervisor)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }
}
