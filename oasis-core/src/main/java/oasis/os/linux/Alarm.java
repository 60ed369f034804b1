// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import java.nio.ByteOrder;
import oasis.os.Memory;
import oasis.os.OsException;

/**
 * A descriptor that becomes readable at a set time (timerfd_create(2)). Unlike a time-out of the
 * wait itself it costs nothing while it stays as it was set: a thread that is woken by packets a
 * thousand times a second does not set and cancel a kernel timer each time, which on a virtual
 * machine is an exit to the hypervisor each. Confined to one thread.
 */
public final class Alarm implements AutoCloseable {
  private static final long SECOND_NS = 1_000_000_000L;

  private final int fd;
  private final Memory interval = Memory.allocate(32); // struct itimerspec: interval, value
  private final Memory sink = Memory.allocate(8);
  private boolean closed;

  /** Opens the descriptor; the alarm is not set. */
  public Alarm() throws OsException {
    fd =
        Errno.check(
            Sys.timerfdCreate(
                LinuxConstants.CLOCK_MONOTONIC,
                LinuxConstants.TFD_NONBLOCK | LinuxConstants.TFD_CLOEXEC),
            "timerfd_create",
            "for the data loop");
    interval.buffer().order(ByteOrder.nativeOrder());
  }

  /** File descriptor to poll for reading. */
  public int fd() {
    return fd;
  }

  /**
   * Sets the alarm, instead of what it was set to.
   *
   * @param ns nanoseconds from now, at least 1
   */
  public void set(long ns) {
    interval.buffer().putLong(16, ns / SECOND_NS).putLong(24, ns % SECOND_NS);
    Sys.timerfdSettime(fd, 0, interval.address(), 0);
  }

  /** Takes note that it went off: the descriptor is no longer readable. */
  public void clear() {
    Sys.read(fd, sink.address(), 8);
  }

  @Override
  public void close() {
    // The number of a closed descriptor may by now be somebody else's.
    if (!closed) {
      closed = true;
      Sys.close(fd);
    }
  }
}
