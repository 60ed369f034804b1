// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Caps and classes of a real exit node, by real programs. */
@Timeout(600)
class ExitQueuesIT extends ExitLab {
  private static final int BYTES = 4_000_000;

  /** Of a machine that is busy with something else; a queue that starves is slower by far. */
  private static final double LEAST_MBITS = 1.5;

  @ParameterizedTest
  @ValueSource(strings = {"kernel", "raw"})
  void transfersKeepToTheCapsAndTheClassesAreShown(String backend) throws Exception {
    startNginx();
    in(c, "sysctl", "-qw", "net.ipv4.tcp_ecn=1"); // the server answers in kind by default
    // Another congestion control might never fill a queue; a route may name it, whatever is
    // allowed.
    in(
        s,
        "ip",
        "route",
        "replace",
        "203.0.113.0/24",
        "dev",
        "xs",
        "src",
        SERVER,
        "congctl",
        "cubic");
    startExit(
        "--backend",
        backend,
        "--allow",
        "192.0.2.0/24",
        "--cap-out",
        "40Mbit/s",
        "--cap-in",
        "20Mbit/s",
        "--class",
        "gold priority 1 for from 192.0.2.2 dscp ef",
        "--class",
        "rest");
    try (TunnelClient client = client()) {
      client.assertKeepAlive();
      String range = "0-" + (BYTES - 1);
      assertThat(mbits("-r", range, "http://" + SERVER + "/big")).isBetween(LEAST_MBITS, 20.5);
      Path file = directory.resolve("up");
      Files.write(file, new byte[BYTES]);
      String upload = "http://" + SERVER + "/up";
      assertThat(mbits("-T", file.toString(), upload)).isBetween(LEAST_MBITS, 41.5);
      in(c, "ping", "-c", "2", "-i", "0.2", "-Q", "0xb8", SERVER);
    }
    String shown = run(0, "classes");
    assertThat(shown)
        .contains("cap out 40Mbit/s, cap in 20Mbit/s", "class: rest")
        .contains("class: gold priority 1 for from 192.0.2.2/32 dscp ef")
        .containsPattern("gold +out +0 +2 ")
        .containsPattern("rest +out +0 +[1-9][0-9]+ +[1-9][0-9]{5}");
    String json = run(0, "classes", "--json");
    assertThat(json).contains("\"outBitsPerSecond\":40000000");
    assertThat(json).as("congestion is marked").containsPattern("\"markedPkts\":[1-9]");
  }

  /** Rate of a transfer by curl; its payload is a little less than what the cap counts. */
  private double mbits(String... words) throws Exception {
    String[] argv = new String[words.length + 6];
    System.arraycopy(words, 0, argv, 6, words.length);
    String[] curl = {"curl", "-sS", "-m", "60", "-o/dev/null", "-w%{time_total}"};
    System.arraycopy(curl, 0, argv, 0, curl.length);
    double seconds = Double.parseDouble(in(c, argv).strip());
    return BYTES * 8 / 1e6 / seconds;
  }
}
