// SPDX-License-Identifier: Apache-2.0
package oasis.testkit;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/**
 * Asserts that packet-path code allocates nothing. The code is warmed up first; then the smallest
 * count of several series decides, because class loading and the compiler show up in single ones.
 */
public final class NoAllocation {
  private static final int SERIES = 8;

  private NoAllocation() {}

  /**
   * Runs {@code code} many times on the calling thread.
   *
   * @param rounds runs per series; enough for one allocation per thousand runs to be seen
   * @throws AssertionError when even the best series allocated
   */
  public static void check(int rounds, Runnable code) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long best = Long.MAX_VALUE;
    for (int series = 0; series < SERIES && best > 0; series++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < rounds; i++) {
        code.run();
      }
      long bytes = threads.getCurrentThreadAllocatedBytes() - before;
      // The first series is the warm-up.
      if (series > 0) {
        best = Math.min(best, bytes);
      }
    }
    if (best > 0) {
      throw new AssertionError(best + " bytes allocated by " + rounds + " runs in the best series");
    }
  }
}
