// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostStateTest {
  private static final String RULE =
      "rule4 4710: from all fwmark 0x10000000/0x10000000 lookup 4710";

  @Test
  void factsSayHowFarTheClientHasCome() {
    HostState state =
        new HostState(
            List.of(
                RULE,
                "route4 198.18.0.0/16 dev oas0 proto 47 scope link src 198.18.0.1 metric 1",
                "route4 unreachable 198.18.0.0/16 proto 47 metric 4294967295",
                "route6 fdc6:1200:4710::/112 dev oas0 proto 47 src fdc6:1200:4710::1 metric 1"
                    + " pref medium",
                "device oas0",
                "nft table inet oasis {",
                "nft chain capture {",
                "nft tcp dport { 80, 8443 } goto capture"));
    assertThat(state.facts())
        .containsExactly("device", "new-rules", "route4", "route6", "rule4", "rules", "table");
    assertThat(new HostState(List.of("device eth0", "nft chain output {")).facts()).isEmpty();
  }

  @Test
  void everyPointHasTheFactsThatAClientOnItsWayHas() {
    assertThat(Point.START.facts()).containsExactly("device");
    assertThat(Point.IDLE.facts())
        .containsExactly("device", "route4", "route6", "rule4", "rule6", "rules", "table");
    assertThat(Point.values()).hasSizeGreaterThanOrEqualTo(10);
  }

  @Test
  void aDifferenceNamesBothSidesAndCountsRepetitions() {
    HostState before = new HostState(List.of("a", "b", "b"));
    HostState after = new HostState(List.of("b", "b", "b", "c"));
    assertThat(after.difference(before)).containsExactlyInAnyOrder("+ b", "+ c", "- a");
    assertThat(before.difference(before)).isEmpty();
  }

  @Test
  void whatDoesNoHarmIsKnownAndAllElseIsHarmful() {
    assertThat(
            HostState.harmful(
                List.of(
                    "+ " + RULE,
                    "- sysctl net.ipv4.ip_local_reserved_ports =",
                    "+ sysctl net.ipv4.ip_local_reserved_ports = 61000-64999",
                    "+ file run/client.sock")))
        .isEmpty();
    List<String> harmful =
        List.of(
            "+ nft table inet oasis {",
            "+ device oas0",
            "- route4 unreachable 198.18.0.0/16 proto 47 metric 4294967295",
            "+ sysctl net.ipv4.ip_forward = 1",
            "- file client.xml as a whole");
    assertThat(HostState.harmful(harmful)).isEqualTo(harmful);
  }

  @Test
  void filesThatVanishWhileItLooksAreNoTrouble(@TempDir Path folder) throws Exception {
    Path kept = Files.createFile(folder.resolve("kept"));
    AtomicBoolean over = new AtomicBoolean();
    CompletableFuture<Void> restless =
        CompletableFuture.runAsync(
            () -> {
              try {
                while (!over.get()) {
                  Path empty = Files.createDirectory(folder.resolve("coming-and-going"));
                  Files.delete(Files.createFile(empty.resolve("file")));
                  Files.delete(empty);
                }
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    try {
      for (int i = 0; i < 2000; i++) {
        assertThat(HostState.files(folder)).contains("file " + kept.getFileName());
      }
    } finally {
      over.set(true);
      restless.get(20, TimeUnit.SECONDS);
    }
    assertThat(HostState.files(folder)).containsExactly("file kept");
  }
}
