// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import oasis.io.config.ConfigException;
import oasis.os.OsException;
import oasis.rules.RuleLimitException;

/**
 * What has been opened so far and must be closed again in reverse order, at the end of a run or in
 * the middle of a start that failed. Confined to the thread that starts and ends the client.
 */
final class Undo {
  private final Deque<Step> steps = new ArrayDeque<>();

  private record Step(String what, AutoCloseable step) {}

  /** A start, which registers here what it opens. */
  @FunctionalInterface
  interface Start {
    void run() throws ConfigException, OsException, IOException;
  }

  /**
   * Undoes everything unless a start succeeds.
   *
   * @param advice ends the message when permissions are missing
   * @throws ConfigException when configuration or options are wrong
   * @throws OsException when the operating system refuses
   */
  void unless(Start start, String advice) throws ConfigException, OsException {
    boolean done = false;
    try {
      start.run();
      done = true;
    } catch (RuleLimitException e) {
      throw new ConfigException(String.valueOf(e.getMessage()));
    } catch (AccessDeniedException e) {
      throw new OsException(e.getFile() + ": permission denied" + advice, e);
    } catch (IOException e) {
      throw new OsException(String.valueOf(e.getMessage()), e);
    } finally {
      if (!done) {
        run();
      }
    }
  }

  /**
   * Registers something that is open now.
   *
   * @param what names it in a message
   */
  <T extends AutoCloseable> T add(String what, T opened) {
    steps.push(new Step(what, opened));
    return opened;
  }

  /**
   * Closes everything, whatever fails on the way.
   *
   * @return what could not be undone, one line each
   */
  List<String> run() {
    List<String> failures = new ArrayList<>();
    while (!steps.isEmpty()) {
      Step step = steps.pop();
      try {
        step.step().close();
      } catch (Exception e) {
        failures.add(ConfigException.oneLine(step.what() + ": " + e.getMessage()));
      }
    }
    return failures;
  }
}
