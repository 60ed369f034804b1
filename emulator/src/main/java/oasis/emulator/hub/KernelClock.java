// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.hub;

import static oasis.os.linux.LinuxConstants.CLOCK_REALTIME;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import oasis.os.Memory;
import oasis.os.linux.Sys;

/**
 * How far the clock of the kernel's receive stamps (CLOCK_REALTIME, which may be stepped) is ahead
 * of {@link System#nanoTime}, measured again every 200 ms. Confined to one thread.
 */
final class KernelClock {
  private static final long INTERVAL_NS = 200_000_000L;
  private static final int TRIES = 5;
  private static final long NS_PER_S = 1_000_000_000L;

  private final Memory timespec = Memory.allocate(16);
  private final ByteBuffer time = timespec.buffer().duplicate().order(ByteOrder.nativeOrder());
  private long offsetNs;
  private long measuredNs;

  KernelClock() {
    measure();
  }

  /** Measures again if it is time to. */
  void refresh(long nowNs) {
    if (nowNs - measuredNs > INTERVAL_NS) {
      measure();
    }
  }

  long toNanoTime(long realtimeNs) {
    return realtimeNs - offsetNs;
  }

  /** The reading between the closest two others is the best of several. */
  private void measure() {
    long tightest = Long.MAX_VALUE;
    for (int i = 0; i < TRIES; i++) {
      long before = System.nanoTime();
      Sys.clockGettime(CLOCK_REALTIME, timespec.address());
      long after = System.nanoTime();
      if (after - before < tightest) {
        tightest = after - before;
        offsetNs = time.getLong(0) * NS_PER_S + time.getLong(8) - (before + (after - before) / 2);
      }
      measuredNs = after;
    }
  }
}
