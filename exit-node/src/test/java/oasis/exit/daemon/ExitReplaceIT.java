// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Open connections live through the replacement of the exit node that carries them. */
@Timeout(600)
class ExitReplaceIT extends ExitLab {
  private enum Way {
    KERNEL("--backend kernel"),
    NFT("--backend raw --silence nft"),
    SLICE("--backend raw --silence sockets --ports 61000-61999");

    final String options;

    Way(String options) {
      this.options = options;
    }

    boolean ownsFirewall() {
      return this != SLICE;
    }

    /** What takes rights away. */
    List<String> wrapper() {
      return ownsFirewall()
          ? List.of()
          : List.of("setpriv", "--bounding-set=-all,+net_raw", "--inh-caps=-all,+net_raw");
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void downloadsGoOn(Way way) throws Exception {
    startNginx();
    String before = kernelState();
    Process old = start(way);
    try (TunnelClient client = client()) {
      client.assertKeepAlive();
      List<Process> downloads = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        String host = i % 2 == 0 ? SERVER : "[" + SERVER6 + "]";
        downloads.add(
            start(
                c,
                "curl",
                "-sS",
                "-m",
                "60",
                "--limit-rate",
                "5M",
                "-o",
                file("got-" + i),
                "http://" + host + "/big"));
      }
      awaitTrue(
          () -> {
            for (int i = 0; i < 4; i++) {
              Path got = Path.of(file("got-" + i));
              if (!Files.exists(got) || Files.size(got) < 100_000) {
                return false;
              }
            }
            return true;
          });
      double flows = number(status(), "engine", "flows");
      String table = in(x, "nft", "list", "tables");
      Process replacement = start(way, "--replace");
      assertThat(old.waitFor(PATIENCE_S, TimeUnit.SECONDS))
          .as("the old one ends by itself")
          .isTrue();
      assertThat(old.exitValue()).isZero();
      assertThat(number(status(), "pid")).isEqualTo((double) replacement.pid());
      assertThat(number(status(), "engine", "flows")).isEqualTo(flows);
      if (way.ownsFirewall()) {
        assertThat(in(x, "nft", "list", "tables")).hasLineCount(1).isNotEqualTo(table);
      }
      Process third = start(way, "--replace");
      assertThat(replacement.waitFor(PATIENCE_S, TimeUnit.SECONDS)).isTrue();
      for (Process each : downloads) {
        assertThat(each.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(each.exitValue()).as("curl").isZero();
      }
      byte[] big = Files.readAllBytes(directory.resolve("www").resolve("big"));
      for (int i = 0; i < 4; i++) {
        byte[] got = Files.readAllBytes(Path.of(file("got-" + i)));
        assertThat(Arrays.equals(got, big)).as("download " + i).isTrue();
      }
      assertThat(counterOfResets()).as("resets of the exit's kernel").isZero();
      client.assertKeepAlive();
      stop(third);
    }
    assertThat(kernelState()).as("the last one leaves nothing").isEqualTo(before);
  }

  @Test
  void aNodeStartsItselfAnewAndTellsTheServiceManager() throws Exception {
    start(
        x, "socat", "-u", "UNIX-RECV:" + file("notify"), "OPEN:" + file("told") + ",creat,append");
    awaitTrue(() -> Files.exists(directory.resolve("notify")));
    String before = kernelState();
    Process old =
        startExitAs(
            List.of("env", "NOTIFY_SOCKET=" + file("notify")),
            "--allow",
            "192.0.2.0/24",
            "--backend",
            "kernel");
    awaitTrue(() -> told().contains("MAINPID=" + old.pid()));
    run(0, "drain");
    assertThat(run(0, "restart")).contains("carries on in place of " + old.pid());
    assertThat(run(0, "status")).as("as before").contains("draining: no flow may begin");
    assertThat(old.waitFor(PATIENCE_S, TimeUnit.SECONDS)).isTrue();
    long next = (long) number(status(), "pid");
    awaitTrue(() -> told().contains("READY=1\nMAINPID=" + next));
    ProcessHandle process = ProcessHandle.of(next).orElseThrow();
    process.destroy();
    process.onExit().get(PATIENCE_S, TimeUnit.SECONDS);
    assertThat(kernelState()).isEqualTo(before);
  }

  private String told() throws Exception {
    Path file = directory.resolve("told");
    return Files.exists(file) ? Files.readString(file) : "";
  }

  @Test
  void aNodeOfOtherOptionsIsRefusedAndTheRunningOneGoesOn() throws Exception {
    Process old = start(Way.NFT);
    String error = run(4, "run", "--allow", "192.0.2.0/24", "--backend", "kernel", "--replace");
    assertThat(error).contains("whose --backend is RAW and not KERNEL: stop it first");
    try (TunnelClient client = client()) {
      client.assertKeepAlive();
    }
    assertThat(old.isAlive()).isTrue();
    stop(old);
  }

  private Process start(Way way, String... more) throws Exception {
    List<String> options = new ArrayList<>(List.of("--allow", "192.0.2.0/24"));
    options.addAll(List.of("--allow-destination", "2001:db8:3::/64"));
    options.addAll(List.of(way.options.split(" ")));
    options.addAll(List.of(more));
    return startExitAs(way.wrapper(), options.toArray(String[]::new));
  }

  private long counterOfResets() throws Exception {
    List<String> lines =
        in(x, "cat", "/proc/net/snmp").lines().filter(line -> line.startsWith("Tcp:")).toList();
    int at = Arrays.asList(lines.get(0).split(" ", -1)).indexOf("OutRsts");
    return Long.parseLong(lines.get(1).split(" ", -1)[at]);
  }
}
