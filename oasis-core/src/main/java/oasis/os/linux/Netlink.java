// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static oasis.os.linux.LinuxConstants.AF_NETLINK;
import static oasis.os.linux.LinuxConstants.SOCK_CLOEXEC;
import static oasis.os.linux.LinuxConstants.SOCK_NONBLOCK;
import static oasis.os.linux.LinuxConstants.SOCK_RAW;

import java.nio.ByteOrder;
import oasis.os.Memory;
import oasis.os.OsException;

/** Opens sockets to the kernel's routing tables (netlink(7), NETLINK_ROUTE). */
final class Netlink {
  private static final int NETLINK_ROUTE = 0;
  private static final int SOCKADDR_NL_BYTES = 12;

  private Netlink() {}

  /**
   * Opens a socket in the network namespace of the calling thread.
   *
   * @param groups bits of the multicast groups (RTMGRP_*) that it hears, 0 for none
   */
  static int open(int groups) throws OsException {
    int fd =
        Errno.check(
            Sys.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE),
            "socket",
            "for routes (netlink)");
    try {
      // struct sockaddr_nl: family, pad, port (0: of the kernel, or chosen by it), groups
      Memory address = Memory.allocate(SOCKADDR_NL_BYTES);
      address.buffer().order(ByteOrder.nativeOrder()).putShort(0, (short) AF_NETLINK);
      address.buffer().putInt(8, groups);
      Errno.check(Sys.bind(fd, address, SOCKADDR_NL_BYTES), "bind", "for routes (netlink)");
      address.buffer().putInt(8, 0);
      // A connected socket takes messages of its peer only: nobody but the kernel can answer.
      Errno.check(Sys.connect(fd, address, SOCKADDR_NL_BYTES), "connect", "to the kernel's routes");
    } catch (OsException | RuntimeException e) {
      Sys.close(fd);
      throw e;
    }
    return fd;
  }
}
