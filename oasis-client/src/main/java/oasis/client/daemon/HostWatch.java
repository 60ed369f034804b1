// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import oasis.os.OsException;
import oasis.os.linux.RouteWatch;

/**
 * Says when it is worth looking at the host's network again: when the kernel has told of a change,
 * when an earlier look was not the last word, and now and then without a reason. Looking costs
 * system calls for each family and carrier; asking here costs one. Confined to one thread.
 */
final class HostWatch implements AutoCloseable {
  /** Time between two questions. */
  static final int INTERVAL_MS = 1_000;

  /** Times in a row that a host without changes is left alone: half a minute. */
  static final int PATIENCE = 29;

  /** Times in a row that it is left alone when something is still to be done. */
  private static final int RETRY = 1;

  private final RouteWatch watch;
  private int left = PATIENCE;

  private HostWatch(RouteWatch watch) {
    this.watch = watch;
  }

  /** Opens a watch in the network namespace of the calling thread. */
  static HostWatch open() throws OsException {
    return new HostWatch(RouteWatch.open(RouteWatch.LINK | RouteWatch.ROUTE | RouteWatch.ADDRESS));
  }

  /** Whether something changed since the last call, or the patience is at its end. */
  boolean due() {
    if (watch.read() == 0 && left-- > 0) {
      return false;
    }
    left = PATIENCE;
    return true;
  }

  /** What was due could not be done: it is due again soon. */
  void again() {
    left = RETRY;
  }

  @Override
  public void close() {
    watch.close();
  }
}
