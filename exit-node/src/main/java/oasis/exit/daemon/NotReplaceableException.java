// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;

/**
 * The exit node that runs cannot be replaced by this one, and goes on: it has to be stopped first.
 * The program then ends with a status of its own, by which scripts know.
 */
final class NotReplaceableException extends IOException {
  /** The program's exit status. */
  static final int STATUS = 4;

  private static final long serialVersionUID = 1;

  /**
   * @param why one line
   */
  NotReplaceableException(String why) {
    super(why);
  }
}
