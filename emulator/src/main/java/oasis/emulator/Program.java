// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.nio.file.Path;
import java.time.Duration;
import oasis.os.OsException;

/**
 * A program that was started in a node. Its output goes to two files, and line by line to its
 * listener. Thread-safe.
 */
public interface Program extends AutoCloseable {
  /** Name, unique within the emulation: that of the command, with a number if needed. */
  String name();

  /** Its process id, which is also that of its session and process group. */
  long pid();

  /** Whether it still runs. */
  boolean isAlive();

  /**
   * Waits for its end.
   *
   * @return exit status; 128 + n when signal n ended it
   * @throws OsException when it still runs after {@code timeOut}; it goes on then
   */
  int waitFor(Duration timeOut) throws OsException;

  /**
   * Waits until a line of standard output or standard error contains {@code text}, now or before.
   *
   * @return the line
   * @throws OsException when none does within {@code timeOut}, or the program ends without
   */
  String awaitLine(String text, Duration timeOut) throws OsException;

  /** Sends a signal to its process group. */
  void signal(int number);

  /** Ends it: SIGTERM, and SIGKILL if it still runs after {@code grace}. */
  void stop(Duration grace);

  /** Kills its process group. */
  @Override
  void close();

  /** The file with its standard output. */
  Path outputFile();

  /** The file with its standard error. */
  Path errorFile();

  /** Its standard output so far, at most the first 16 MiB. */
  String output() throws OsException;

  /** Its standard error so far, at most the first 16 MiB. */
  String errors() throws OsException;
}
