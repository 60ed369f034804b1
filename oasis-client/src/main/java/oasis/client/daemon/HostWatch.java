// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import oasis.os.OsException;
import oasis.os.linux.RouteWatch;

/**
 * Says when it is worth looking at the host's network again: when the kernel has told of a change,
 * and now and then without one. Looking costs system calls for each family and carrier; asking here
 * costs one. Confined to one thread.
 */
final class HostWatch implements AutoCloseable {
  /** Times in a row that a host without changes is left alone. */
  static final int PATIENCE = 14;

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

  @Override
  public void close() {
    watch.close();
  }
}
