// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import oasis.os.OsException;
import org.junit.jupiter.api.RepeatedTest;

class HostWatchTest {
  // The host of the test may itself be changing: then it is due more often, never less.
  @RepeatedTest(2)
  void aHostWithoutChangesIsLookedAtNowAndThen() throws OsException {
    try (HostWatch watch = HostWatch.open()) {
      int due = 0;
      for (int i = 0; i < 3 * (HostWatch.PATIENCE + 1); i++) {
        due += watch.due() ? 1 : 0;
      }
      assertThat(due).isGreaterThanOrEqualTo(3);
    }
  }
}
