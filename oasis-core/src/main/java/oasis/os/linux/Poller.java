// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import oasis.os.Memory;

/**
 * Waits until one of a few descriptors is readable, to the nanosecond ({@code ppoll}). Confined to
 * one thread.
 */
public final class Poller {
  /** Most descriptors. */
  public static final int CAPACITY = 1024;

  private static final int POLLFD_BYTES = 8;
  private static final int REVENTS = 6;

  private final Memory memory = Memory.allocate(CAPACITY * POLLFD_BYTES);
  private final ByteBuffer fds = memory.buffer().order(ByteOrder.nativeOrder());
  private final Memory timespec = Memory.allocate(16);
  private final ByteBuffer time = timespec.buffer().order(ByteOrder.nativeOrder());
  private int size;

  /**
   * Adds a descriptor.
   *
   * @return its index: the number of descriptors added before
   */
  public int add(int fd) {
    if (size == CAPACITY) {
      throw new IllegalStateException("more than " + CAPACITY + " descriptors");
    }
    fds.putInt(size * POLLFD_BYTES, fd);
    fds.putShort(size * POLLFD_BYTES + 4, (short) LinuxConstants.POLLIN);
    fds.putShort(size * POLLFD_BYTES + REVENTS, (short) 0);
    return size++;
  }

  /** Removes the descriptor at an index; those behind it move up by one. */
  public void remove(int index) {
    for (int i = index; i < size - 1; i++) {
      fds.putLong(i * POLLFD_BYTES, fds.getLong((i + 1) * POLLFD_BYTES));
    }
    size--;
  }

  /**
   * Waits.
   *
   * @param ns longest wait in nanoseconds; 0 only looks, a negative one waits for ever
   * @return number of descriptors that are ready, or -errno
   */
  public int await(long ns) {
    time.putLong(0, ns / 1_000_000_000L);
    time.putLong(8, ns % 1_000_000_000L);
    int ready = Sys.ppoll(memory.address(), size, ns < 0 ? 0 : timespec.address());
    if (ready < 0) {
      for (int i = 0; i < size; i++) {
        fds.putShort(i * POLLFD_BYTES + REVENTS, (short) 0);
      }
    }
    return ready;
  }

  /** True when the last wait found the descriptor readable, in error or hung up. */
  public boolean ready(int index) {
    return fds.getShort(index * POLLFD_BYTES + REVENTS) != 0;
  }
}
