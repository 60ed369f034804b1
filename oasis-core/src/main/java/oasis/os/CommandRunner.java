// SPDX-License-Identifier: Apache-2.0
package oasis.os;

import java.util.List;

/**
 * Runs the operating system's own tools ({@code ip}, {@code nft}, {@code sysctl}), for set-up only.
 * Commands are argument lists, never shell strings, and run with {@code LC_ALL=C}. Thread-safe.
 */
@FunctionalInterface
public interface CommandRunner {
  /**
   * What a command that ran to its end left behind.
   *
   * @param status exit status, 0 for success
   * @param out standard output
   * @param err standard error
   */
  record Result(int status, String out, String err) {
    /** True when the exit status is 0. */
    public boolean ok() {
      return status == 0;
    }
  }

  /**
   * Runs a command and waits for its end, whatever its exit status is.
   *
   * @param command program and arguments
   * @param input text for standard input, may be empty
   * @throws OsException when the program cannot be started, does not end in time, or prints more
   *     than the cap; the message is one line and names the command
   */
  Result run(List<String> command, String input) throws OsException;

  /**
   * Runs a command that has to succeed.
   *
   * @return standard output
   * @throws OsException also for an exit status other than 0, with the first line of its error
   */
  default String check(List<String> command, String input) throws OsException {
    Result result = run(command, input);
    if (result.ok()) {
      return result.out();
    }
    String why = result.err().isBlank() ? result.out() : result.err();
    throw new OsException(
        String.join(" ", command)
            + ": "
            + why.lines().filter(line -> !line.isBlank()).findFirst().orElse("no message").strip()
            + " (exit status "
            + result.status()
            + ")");
  }

  /** Runs a command without input that has to succeed; see {@link #check(List, String)}. */
  default String check(String... command) throws OsException {
    return check(List.of(command), "");
  }
}
