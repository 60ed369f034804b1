// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.measure;

import oasis.os.OsException;

/** Waiting, with an interrupt as an error. */
public final class Pause {
  private Pause() {}

  /** Waits so many milliseconds. */
  public static void ms(long ms) throws OsException {
    try {
      Thread.sleep(ms);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OsException("interrupted", e);
    }
  }
}
