// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import org.junit.jupiter.api.Test;

class LinuxCommandRunnerTest {
  private final CommandRunner runner = new LinuxCommandRunner();

  @Test
  void inputOutputAndStatusArePassed() throws OsException {
    CommandRunner.Result result =
        runner.run(List.of("sh", "-c", "cat; echo oops >&2; exit 3"), "hello");
    assertThat(result).isEqualTo(new CommandRunner.Result(3, "hello", "oops\n"));
    assertThat(result.ok()).isFalse();
  }

  @Test
  void argumentsAreNotSeenByAShell() throws OsException {
    assertThat(runner.check("echo", "$HOME; *")).isEqualTo("$HOME; *\n");
  }

  @Test
  void theLocaleIsC() throws OsException {
    assertThat(runner.check("sh", "-c", "echo $LC_ALL")).isEqualTo("C\n");
  }

  @Test
  void aFailureNamesTheCommandAndItsFirstErrorLine() {
    assertThatThrownBy(
            () -> runner.check("sh", "-c", "echo >&2; echo first >&2; echo 2 >&2; exit 4"))
        .isInstanceOf(OsException.class)
        .hasMessageEndingWith("exit 4: first (exit status 4)");
  }

  @Test
  void aProgramThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> runner.check("no-such-program-here"))
        .isInstanceOf(OsException.class)
        .hasMessageStartingWith("no-such-program-here: cannot be started");
  }

  @Test
  void aCommandThatDoesNotEndIsKilled() {
    CommandRunner hasty = new LinuxCommandRunner(List.of(), Duration.ofMillis(50));
    assertThatThrownBy(() -> hasty.check("sleep", "30"))
        .isInstanceOf(OsException.class)
        .hasMessageStartingWith("sleep 30: no end after");
  }

  @Test
  void endlessOutputIsCutOff() {
    assertThatThrownBy(() -> runner.check("yes"))
        .isInstanceOf(OsException.class)
        .hasMessageContaining("bytes of output");
  }

  @Test
  void aCommandThatIgnoresItsInputSucceeds() throws OsException {
    assertThat(runner.check(List.of("true"), "x".repeat(1_000_000))).isEmpty();
  }
}
