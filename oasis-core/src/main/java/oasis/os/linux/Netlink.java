// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static oasis.os.linux.LinuxConstants.AF_NETLINK;
import static oasis.os.linux.LinuxConstants.SOCK_CLOEXEC;
import static oasis.os.linux.LinuxConstants.SOCK_NONBLOCK;
import static oasis.os.linux.LinuxConstants.SOCK_RAW;

import java.nio.ByteOrder;
import oasis.os.Memory;
import oasis.os.OsException;

/** Opens sockets to parts of the kernel (netlink(7)). */
final class Netlink {
  /** Routes, links and neighbours. */
  static final int ROUTE = 0;

  /** Connection tracking, among others. */
  static final int NETFILTER = 12;

  private static final int SOCKADDR_NL_BYTES = 12;

  private Netlink() {}

  /**
   * Opens a socket in the network namespace of the calling thread.
   *
   * @param part {@link #ROUTE} or {@link #NETFILTER}
   * @param groups bits of the multicast groups (RTMGRP_*) that it hears, 0 for none
   */
  static int open(int part, int groups) throws OsException {
    String of = part == ROUTE ? "for routes (netlink)" : "for connections (netlink)";
    int fd =
        Errno.check(
            Sys.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, part), "socket", of);
    try {
      // struct sockaddr_nl: family, pad, port (0: of the kernel, or chosen by it), groups
      Memory address = Memory.allocate(SOCKADDR_NL_BYTES);
      address.buffer().order(ByteOrder.nativeOrder()).putShort(0, (short) AF_NETLINK);
      address.buffer().putInt(8, groups);
      Errno.check(Sys.bind(fd, address, SOCKADDR_NL_BYTES), "bind", of);
      address.buffer().putInt(8, 0);
      // A connected socket takes messages of its peer only: nobody but the kernel can answer.
      Errno.check(Sys.connect(fd, address, SOCKADDR_NL_BYTES), "connect", of);
    } catch (OsException | RuntimeException e) {
      Sys.close(fd);
      throw e;
    }
    return fd;
  }
}
