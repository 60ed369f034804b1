// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An abuse report names what the destination saw, and a time: the node says who it was. */
@Timeout(600)
class AccountabilityIT extends ExitLab {
  private static final String CLIENT = "client 192.0.2.2:";

  @ParameterizedTest
  @ValueSource(strings = {"kernel", "raw"})
  void aReportIsAnsweredWhileTheFlowLivesAfterItsEndAndAfterASigkill(String backend)
      throws Exception {
    startNginx();
    String match = backend.equals("raw") ? "(exact)" : "(likely)";
    Process exit = startExit(options(backend));
    String outer;
    Instant seen;
    try (TunnelClient client = client()) {
      client.assertKeepAlive();
      outer = download();
      seen = Instant.now();
      assertThat(whois(0, outer, seen)).contains(CLIENT, "10.9.8.7:", "now: it lives", match);
      assertThat(whois(0, outer, seen, "--json"))
          .contains("\"how\":\"lives\"", "\"client\":\"192.0.2.2:", "\"source\":\"10.9.8.7:");
    }
    stop(exit);
    String log = file("flows");
    assertThat(whois(0, outer, seen, "--flow-log", log)).contains(CLIENT, match, "stopped");

    exit = startExit(options(backend));
    try (TunnelClient client = client()) {
      client.assertKeepAlive();
      outer = download();
      seen = Instant.now();
      awaitTrue(() -> number(status(), "flowLogWritten") >= 2);
      kill(exit);
    }
    assertThat(whois(0, outer, seen, "--flow-log", log))
        .contains(CLIENT, match, "an end that is not recorded", "no exit node is running");
    startExit(options(backend));
    assertThat(whois(0, outer, seen)).contains(CLIENT, match, "ended without a word");
    assertThat(whois(1, outer, seen.minusSeconds(60))).contains("nobody is known");
  }

  private String[] options(String backend) {
    return new String[] {
      "--allow", "192.0.2.0/24", "--backend", backend, "--flow-log", file("flows")
    };
  }

  /** Begins a download that lasts; gives the end that the server sees. */
  private String download() throws Exception {
    List<String> before = peers(); // of an exit node that is gone
    start(c, "curl", "-s", "-m", "110", "--limit-rate", "200K", "http://" + SERVER + "/big");
    List<String> mine = new ArrayList<>();
    awaitTrue(
        () -> {
          mine.addAll(peers());
          mine.removeAll(before);
          return !mine.isEmpty();
        });
    assertThat(mine.get(0)).startsWith(EXIT_OUTSIDE + ":");
    return mine.get(0);
  }

  /** The other ends of the server's connections. */
  private List<String> peers() throws Exception {
    String lines = in(s, "ss", "-Hnt", "state", "established", "sport", "=", ":80");
    return lines.lines().map(line -> line.strip().split("\\s+", -1)[3]).toList();
  }

  private String whois(int status, String outer, Instant time, String... more) throws Exception {
    List<String> words = new ArrayList<>(List.of("whois", "tcp", outer, SERVER + ":80"));
    words.add(time.toString());
    words.addAll(List.of(more));
    return run(status, words.toArray(String[]::new));
  }
}
