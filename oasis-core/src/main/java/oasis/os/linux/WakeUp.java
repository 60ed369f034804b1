// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import java.nio.ByteOrder;
import oasis.os.Memory;
import oasis.os.OsException;

/**
 * Wakes a thread out of {@link Poller#await}: an eventfd. {@link #signal} may be called from any
 * thread, the rest only from the thread that polls.
 */
public final class WakeUp implements AutoCloseable {
  private final int fd;
  private final Memory one = Memory.allocate(8);
  private final Memory sink = Memory.allocate(8);
  private boolean closed;

  /** Opens the descriptor. */
  public WakeUp() throws OsException {
    fd =
        Errno.check(
            Sys.eventfd(0, LinuxConstants.EFD_NONBLOCK | LinuxConstants.EFD_CLOEXEC),
            "eventfd",
            "for commands");
    one.buffer().order(ByteOrder.nativeOrder()).putLong(0, 1);
  }

  /** File descriptor to poll for reading. */
  public int fd() {
    return fd;
  }

  /** Makes the descriptor readable until {@link #clear}. */
  public synchronized void signal() {
    // The number of a closed descriptor may by now be somebody else's.
    if (!closed) {
      Sys.write(fd, one.address(), 8);
    }
  }

  /** Takes back all signals so far. */
  public void clear() {
    Sys.read(fd, sink.address(), 8);
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      Sys.close(fd);
    }
  }
}
