// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import oasis.testkit.FakeCommandRunner;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SavedSettingsTest {
  private static final String PORTS = "sysctl -n net/ipv4/ip_local_reserved_ports";

  @TempDir Path directory;
  private final FakeCommandRunner runner = new FakeCommandRunner().answerAll();
  private Path file = Path.of("");

  @BeforeEach
  void file() {
    file = directory.resolve("exit.state");
  }

  private SavedSettings settings() {
    return new SavedSettings(runner, file);
  }

  @Test
  void onlyPortsThatWereNotReservedBeforeAreFreed() throws Exception {
    runner.answer(PORTS, "8080,61000-61009\n");
    settings().reservePorts(61000, 61999);
    assertThat(runner.commands())
        .contains("sysctl -q -w net/ipv4/ip_local_reserved_ports=8080,61000-61999");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    runner.clear();
    runner.answer(PORTS, "8080,9090,61000-61999\n");
    assertThat(settings().restore()).containsExactly("freed the reserved ports 61010-61999");
    assertThat(runner.commands())
        .contains("sysctl -q -w net/ipv4/ip_local_reserved_ports=8080,9090,61000-61009");
    assertThat(file).doesNotExist();
  }

  @Test
  void whatIsReservedAlreadyNeedsNoRecord() throws Exception {
    runner.answer(PORTS, "61000-64999\n");
    settings().reservePorts(61000, 64999);
    assertThat(file).doesNotExist();
    assertThat(settings().restore()).isEmpty();
  }

  @Test
  void theRecordOfACrashedRunIsOlderAndStays() throws Exception {
    settings().record(Map.of("net.ipv4.ip_forward", "0"));
    settings().record(Map.of("net.ipv4.ip_forward", "1"));
    assertThat(settings().former("net.ipv4.ip_forward")).isEqualTo("0");
  }

  @Test
  void aRecordThatWasNotOursIsNotObeyed() throws Exception {
    Files.writeString(
        file,
        """
        {"net.ipv4.ip_forward": "0; reboot", "kernel.core_pattern": "1", "../../x": "1",
         "ports reserved": "x"}
        """);
    assertThat(settings().restore()).containsExactly("removed " + file);
    assertThat(runner.commands()).isEmpty();
  }

  @Test
  void aTornRecordMeansThatTheHostWasNoRouter() throws Exception {
    Files.writeString(file, "{\"net.ipv4.ip_f");
    runner.answer("sysctl -n net.ipv4.ip_forward", "1\n");
    assertThat(settings().restore()).containsExactly("set net.ipv4.ip_forward back to 0");
  }
}
