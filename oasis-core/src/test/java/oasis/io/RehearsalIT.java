// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import oasis.os.linux.LinuxCommandRunner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A stage answers whoever plays on it and touches nothing of the host. */
@Timeout(120)
class RehearsalIT {
  private static final Path INTERFACES = Path.of("/proc/self/net/dev");

  @Test
  void theFarEndAnswersPlainDatagramsAndThoseOfAnOverlay() throws Exception {
    CompletableFuture<int[]> answers = new CompletableFuture<>();
    byte[] packet = new byte[40];
    packet[0] = 0x45;
    packet[9] = 17;
    packet[12] = 10;
    packet[16] = 11;
    try (Rehearsal rehearsal =
        new Rehearsal(
            stage ->
                answers.complete(
                    new int[] {
                      stage.talk(Rehearsal.at("203.0.113.1", 9), new byte[64], 50),
                      stage.talk(Rehearsal.at("192.0.2.1", Rehearsal.ENTRY.port()), packet, 50)
                    }))) {
      rehearsal.begin();
      assertThat(answers.get(60, TimeUnit.SECONDS)).containsExactly(50, 50);
    }
  }

  @Test
  void theHostKeepsItsInterfacesAndRoutes() throws Exception {
    String before = view();
    CompletableFuture<String> during = new CompletableFuture<>();
    CompletableFuture<Boolean> seen = new CompletableFuture<>();
    try (Rehearsal rehearsal =
        new Rehearsal(
            stage -> {
              during.complete(stage.runner().check("ip", "-brief", "link"));
              seen.get(60, TimeUnit.SECONDS);
            })) {
      rehearsal.begin();
      assertThat(during.get(60, TimeUnit.SECONDS)).contains(Rehearsal.LINK);
      assertThat(view()).isEqualTo(before).doesNotContain(Rehearsal.LINK);
      seen.complete(true);
    }
  }

  @Test
  void aPlayThatIsClosedPutsAwayWhatItOpened() throws Exception {
    CompletableFuture<Boolean> plays = new CompletableFuture<>();
    CompletableFuture<Integer> putAway = new CompletableFuture<>();
    try (Rehearsal rehearsal =
        new Rehearsal(
            stage -> {
              plays.complete(true);
              putAway.complete(
                  stage.talk(Rehearsal.at("203.0.113.1", 9), new byte[64], Integer.MAX_VALUE));
            })) {
      rehearsal.begin();
      plays.get(60, TimeUnit.SECONDS);
    }
    assertThat(putAway).isCompleted();
  }

  private static String view() throws Exception {
    String names =
        Files.readAllLines(INTERFACES).stream()
            .map(line -> line.strip().split(":", 2)[0])
            .reduce("", (a, b) -> a + b + "\n");
    return names + new LinuxCommandRunner().check("ip", "route");
  }
}
