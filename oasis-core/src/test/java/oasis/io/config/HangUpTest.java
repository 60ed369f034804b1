// SPDX-License-Identifier: Apache-2.0
package oasis.io.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** SIGHUP to a process of its own. */
@Timeout(60)
class HangUpTest {
  @Test
  void aSignalRunsTheActionAndOneThatComesTooLateSaysNothing() throws Exception {
    Process process =
        new ProcessBuilder(
                // Who runs the tests by nohup has it ignored, and a JVM leaves it at that.
                "env",
                "--default-signal=HUP",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Ending.class.getName())
            .redirectErrorStream(true)
            .start();
    try (BufferedReader said = process.inputReader()) {
      assertThat(said.readLine()).isEqualTo("ready");
      hangUp(process);
      assertThat(said.readLine()).isEqualTo("reloaded");
      assertThat(said.readLine()).isEqualTo("ending");
      hangUp(process);
      assertThat(said.lines()).as("behind the second signal").containsExactly("ended");
    }
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isZero();
  }

  private static void hangUp(Process process) throws Exception {
    Process kill = new ProcessBuilder("kill", "-HUP", Long.toString(process.pid())).start();
    assertThat(kill.waitFor()).isZero();
  }

  /** A daemon whose thread for reloads has ended before the second signal. */
  static final class Ending {
    private static final CountDownLatch FIRST = new CountDownLatch(1);
    private static final CountDownLatch SECOND = new CountDownLatch(2);

    private Ending() {}

    /** Takes two signals and ends. */
    public static void main(String[] args) throws InterruptedException {
      ExecutorService executor = Executors.newSingleThreadExecutor();
      Thread[] handler = new Thread[1];
      HangUp.run(
          () -> {
            handler[0] = Thread.currentThread();
            SECOND.countDown();
            executor.execute(
                () -> {
                  System.out.println("reloaded");
                  FIRST.countDown();
                });
          });
      System.out.println("ready");
      FIRST.await();
      executor.shutdown();
      System.out.println("ending");
      SECOND.await();
      handler[0].join();
      System.out.println("ended");
    }
  }
}
