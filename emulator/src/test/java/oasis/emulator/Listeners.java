// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Waits until a program that says nothing about it listens. */
final class Listeners {
  private static final int TRIES = 200;

  private Listeners() {}

  /**
   * Waits.
   *
   * @param kind options of {@code ss}: {@code -tln} for TCP, {@code -uln} for UDP
   */
  static void await(Node node, String kind, String port) throws Exception {
    for (int i = 0; i < TRIES; i++) {
      if (node.exec(Duration.ofSeconds(10), "ss", kind).out().contains(":" + port)) {
        return;
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
    throw new AssertionError("nobody listens at " + port);
  }
}
