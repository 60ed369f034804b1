// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import oasis.os.OsException;

/** Waiting, with an interrupt as an error. */
final class Pause {
  private Pause() {}

  static void ms(long ms) throws OsException {
    try {
      Thread.sleep(ms);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OsException("interrupted", e);
    }
  }
}
