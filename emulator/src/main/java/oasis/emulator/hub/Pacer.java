// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.hub;

import static oasis.os.linux.LinuxConstants.POLLIN;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import oasis.os.Memory;
import oasis.os.linux.Sys;

/**
 * Waits until the next packet is due. It sleeps in {@code ppoll} until shortly before, then spins;
 * how long before follows how much the kernel overslept lately, and a budget caps the spinning at
 * one twenty-fifth of a core. While packets wait it sleeps on time only: receive stamps make late
 * reading harmless as long as it is earlier than the packets are due. Confined to the hub's thread.
 */
final class Pacer {
  private static final long MAX_SPIN_NS = 300_000;
  private static final long MIN_WINDOW_NS = 5_000;
  private static final long START_WINDOW_NS = 20_000;
  private static final long MAX_BUDGET_NS = 5_000_000;
  private static final int SPIN_SHARE = 25;
  private static final long NS_PER_S = 1_000_000_000L;
  private static final int POLLFD_BYTES = 8;

  private final Memory timespec = Memory.allocate(16);
  private final ByteBuffer time = timespec.buffer().duplicate().order(ByteOrder.nativeOrder());
  private final Memory pollfds;
  private final ByteBuffer poll;
  private final int fds;
  private final long lazyNs;
  private long budgetNs;
  private long earnedNs = System.nanoTime();
  private long windowNs = START_WINDOW_NS;

  /**
   * @param descriptors to watch
   * @param lazyNs longest sleep that does not watch them, 0 = always watch
   */
  Pacer(int[] descriptors, long lazyNs) {
    fds = descriptors.length;
    this.lazyNs = lazyNs;
    pollfds = Memory.allocate(fds * POLLFD_BYTES);
    poll = pollfds.buffer().duplicate().order(ByteOrder.nativeOrder());
    for (int i = 0; i < fds; i++) {
      poll.putInt(i * POLLFD_BYTES, descriptors[i]);
      poll.putShort(i * POLLFD_BYTES + 4, (short) POLLIN);
    }
  }

  /** Asks the kernel which descriptors are readable now; see {@link #ready}. */
  void look() {
    sleep(fds, 0);
  }

  /** Whether a descriptor was readable, or broken, at the last look. */
  boolean ready(int index) {
    return poll.getShort(index * POLLFD_BYTES + 6) != 0;
  }

  /** Waits without end until a descriptor is readable. */
  void await() {
    Sys.ppoll(pollfds.address(), fds, 0);
  }

  /** Waits until about {@code dueNs}, or until a descriptor is readable. */
  void awaitUntil(long dueNs) {
    long now = System.nanoTime();
    budgetNs = Math.min(MAX_BUDGET_NS, budgetNs + (now - earnedNs) / SPIN_SHARE);
    earnedNs = now;
    long wait = dueNs - now;
    if (wait <= 0) {
      return;
    }
    long window = Math.min(MAX_SPIN_NS, windowNs);
    if (wait <= window && budgetNs >= wait) {
      budgetNs -= spin(now, dueNs);
      return;
    }
    long length = wait > window ? wait - window : wait;
    if (lazyNs > 0) {
      length = Math.min(length, lazyNs);
    }
    sleep(lazyNs > 0 ? 0 : fds, length);
    adapt(System.nanoTime() - now - length);
  }

  private static long spin(long nowNs, long dueNs) {
    long now = nowNs;
    while (now < dueNs) {
      Thread.onSpinWait();
      now = System.nanoTime();
    }
    return now - nowNs;
  }

  private void sleep(int watched, long lengthNs) {
    time.putLong(0, lengthNs / NS_PER_S);
    time.putLong(8, lengthNs % NS_PER_S);
    Sys.ppoll(pollfds.address(), watched, timespec.address());
  }

  /** Opens the window fast when the kernel overslept, closes it slowly. */
  private void adapt(long oversleptNs) {
    if (oversleptNs > windowNs) {
      windowNs += (oversleptNs - windowNs) / 4;
    } else if (oversleptNs > 0) {
      windowNs = Math.max(MIN_WINDOW_NS, windowNs - (windowNs - oversleptNs) / 32);
    }
  }
}
