// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static oasis.os.linux.LinuxConstants.AF_INET;
import static oasis.os.linux.LinuxConstants.IPPROTO_RAW;
import static oasis.os.linux.LinuxConstants.SOCK_CLOEXEC;
import static oasis.os.linux.LinuxConstants.SOCK_NONBLOCK;
import static oasis.os.linux.LinuxConstants.SOCK_RAW;
import static oasis.os.linux.LinuxConstants.SOL_SOCKET;
import static oasis.os.linux.LinuxConstants.SO_MARK;

import oasis.os.OsException;
import oasis.os.linux.Errno;
import oasis.os.linux.Sockets;
import oasis.os.linux.Sys;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.Ip;

/**
 * A raw IPv4 socket that sends packets with our own headers ({@code IP_HDRINCL}, raw(7)): the
 * kernel routes them, writes the IP checksum, and refuses what exceeds the interface's MTU.
 */
public final class LinuxRawPort implements RawPort {
  private static final int SEND_BUFFER_BYTES = 4 << 20;

  private final int fd;
  private final PortCounters counters = new PortCounters();
  private final SendQueue queue;

  private LinuxRawPort(int fd) {
    this.fd = fd;
    queue = new SendQueue(fd, AF_INET, false, counters);
  }

  /**
   * Opens a socket in the network namespace of the calling thread.
   *
   * @param mark firewall mark of what it sends (SO_MARK), 0 for none
   */
  public static LinuxRawPort open(int mark) throws OsException {
    // A socket of this protocol receives nothing.
    int fd =
        Errno.check(
            Sys.socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW),
            "socket",
            "for raw IPv4");
    try {
      if (mark != 0) {
        Sockets.set(fd, SOL_SOCKET, SO_MARK, mark, "SO_MARK");
      }
      Sockets.sendBuffer(fd, SEND_BUFFER_BYTES);
    } catch (OsException e) {
      Sys.close(fd);
      throw e;
    }
    return new LinuxRawPort(fd);
  }

  @Override
  public int add(Burst burst) {
    if (burst.version() != 4) {
      counters.drop(DropReason.SEND_REFUSED, burst.segments());
      return 0;
    }
    queue.add(burst, 0, Ip.dstLo(burst.buffer(), burst.start()), 0);
    return 0;
  }

  @Override
  public void flush() {
    queue.flush();
  }

  @Override
  public PortCounters counters() {
    return counters;
  }

  @Override
  public void close() {
    Sys.close(fd);
  }
}
