// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

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

  private static Process client(String script) throws Exception {
    return new ProcessBuilder("bash", "-c", script, Supervisor.script())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }
}
