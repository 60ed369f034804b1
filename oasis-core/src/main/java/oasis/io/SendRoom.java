// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import oasis.os.Memory;
import oasis.os.linux.LinuxConstants;
import oasis.os.linux.Sys;

/** Waits for room in the send buffer of a socket, but not for long. */
final class SendRoom {
  private static final long WAIT_NS = 2_000_000;

  /** One {@code struct pollfd} and one {@code struct timespec} behind it. */
  private final Memory memory = Memory.allocate(24);

  private final ByteBuffer poll = memory.buffer().duplicate().order(ByteOrder.nativeOrder());

  SendRoom(int fd) {
    poll.putInt(0, fd);
    poll.putShort(4, (short) LinuxConstants.POLLOUT);
  }

  /** True when there is room, false when none came in time. */
  boolean await() {
    poll.putLong(8, 0).putLong(16, WAIT_NS); // the kernel counts it down
    return Sys.ppoll(memory.address(), 1, memory.address() + 8) > 0;
  }
}
