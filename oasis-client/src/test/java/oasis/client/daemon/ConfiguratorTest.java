// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ConfiguratorTest {
  @Test
  void aTurnOfTheUpkeepThatFailsDoesNotTakeTheNextOnesWithIt() throws Exception {
    CountDownLatch turns = new CountDownLatch(3);
    Runnable failing =
        () -> {
          turns.countDown();
          if (turns.getCount() == 2) {
            throw new IllegalStateException("a fault");
          }
          if (turns.getCount() == 1) {
            throw new AssertionError("a worse one");
          }
        };
    ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    try {
      executor.scheduleWithFixedDelay(Configurator.lasting(failing), 0, 1, TimeUnit.MILLISECONDS);

      assertThat(turns.await(20, TimeUnit.SECONDS)).isTrue();
    } finally {
      executor.shutdownNow();
    }
  }
}
