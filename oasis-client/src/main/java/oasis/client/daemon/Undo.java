// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * What has been opened so far and must be closed again in reverse order, at the end of a run or in
 * the middle of a start that failed. Confined to the thread that starts and ends the client.
 */
final class Undo {
  private final Deque<Step> steps = new ArrayDeque<>();

  private record Step(String what, AutoCloseable step) {}

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
