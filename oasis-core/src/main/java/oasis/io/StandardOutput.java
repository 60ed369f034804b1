// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Makes sure that a command whose output did not arrive does not end as if it had: Java's standard
 * output swallows its failures.
 */
public final class StandardOutput {
  private static final int FAILED = 1;

  private StandardOutput() {}

  /**
   * The exit status of a command that has printed all.
   *
   * @param status what the command itself ended with
   * @param name what the line on standard error begins with when something could not be written. A
   *     reader of a pipe who has seen enough, as {@code head} does, is no failure
   */
  public static int checked(int status, String name) {
    if (!System.out.checkError() || isPipe()) {
      return status;
    }
    System.err.println(name + ": standard output cannot be written; is the disk full?");
    return status == 0 ? FAILED : status;
  }

  private static boolean isPipe() {
    try {
      String out = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
      return out.startsWith("pipe:") || out.startsWith("socket:");
    } catch (IOException e) {
      return false;
    }
  }
}
