// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import java.time.Duration;
import java.util.List;
import oasis.os.CommandRunner;

/** Runs the commands of tests: on a busy machine a Java program may need half a minute to start. */
public final class PatientRunner {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private PatientRunner() {}

  /** Runs them in the network namespace of this process. */
  public static CommandRunner create() {
    return new LinuxCommandRunner(List.of(), PATIENCE);
  }
}
