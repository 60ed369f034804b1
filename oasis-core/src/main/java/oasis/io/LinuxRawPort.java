// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static oasis.os.linux.LinuxConstants.AF_INET;
import static oasis.os.linux.LinuxConstants.AF_INET6;
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
import org.jspecify.annotations.Nullable;

/**
 * A raw socket for each address family that sends packets with our own headers ({@code IP_HDRINCL},
 * raw(7), ipv6(7)): the kernel routes them, writes the IPv4 checksum, and refuses what exceeds the
 * interface's MTU. It does not know the path's MTU: {@link #add} always returns 0.
 */
public final class LinuxRawPort implements RawPort {
  private static final int SEND_BUFFER_BYTES = 4 << 20;
  private static final int NO_SOCKET = -1;

  private final PortCounters counters;
  private final int fd4;
  private final int fd6;
  private final SendQueue queue4;
  private final @Nullable SendQueue queue6;

  private LinuxRawPort(int fd4, int fd6, PortCounters counters) {
    this.fd4 = fd4;
    this.fd6 = fd6;
    this.counters = counters;
    queue4 = new SendQueue(fd4, AF_INET, false, counters);
    queue6 = fd6 == NO_SOCKET ? null : new SendQueue(fd6, AF_INET6, false, counters);
  }

  /**
   * Opens the sockets in the network namespace of the calling thread; for IPv4 only where the
   * kernel has no IPv6.
   *
   * @param mark firewall mark of what they send (SO_MARK), 0 for none
   */
  public static LinuxRawPort open(int mark) throws OsException {
    return open(mark, new PortCounters());
  }

  static LinuxRawPort open(int mark, PortCounters counters) throws OsException {
    int fd4 = Errno.check(socket(AF_INET), "socket", "for raw IPv4");
    int fd6 = NO_SOCKET;
    try {
      configure(fd4, mark);
      int result = socket(AF_INET6);
      if (result != -Errno.EAFNOSUPPORT) {
        fd6 = Errno.check(result, "socket", "for raw IPv6");
        configure(fd6, mark);
      }
    } catch (OsException e) {
      close(fd4, fd6);
      throw e;
    }
    return new LinuxRawPort(fd4, fd6, counters);
  }

  private static int socket(int family) {
    // A socket of this protocol receives nothing, and takes headers of ours in both families.
    return Sys.socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW);
  }

  private static void configure(int fd, int mark) throws OsException {
    if (mark != 0) {
      Sockets.set(fd, SOL_SOCKET, SO_MARK, mark, "SO_MARK");
    }
    Sockets.sendBuffer(fd, SEND_BUFFER_BYTES);
  }

  /** The socket of an address family, negative when there is none. */
  int fd(int version) {
    return version == 4 ? fd4 : fd6;
  }

  @Override
  public int add(Burst burst) {
    SendQueue queue = burst.version() == 4 ? queue4 : queue6;
    if (queue == null) {
      counters.drop(DropReason.SEND_REFUSED, burst.segments());
      return 0;
    }
    long hi = Ip.dstHi(burst.buffer(), burst.start());
    long lo = Ip.dstLo(burst.buffer(), burst.start());
    queue.add(burst, hi, lo, 0);
    return 0;
  }

  @Override
  public void flush() {
    queue4.flush();
    if (queue6 != null) {
      queue6.flush();
    }
  }

  @Override
  public PortCounters counters() {
    return counters;
  }

  @Override
  public void close() {
    close(fd4, fd6);
  }

  private static void close(int fd4, int fd6) {
    Sys.close(fd4);
    if (fd6 != NO_SOCKET) {
      Sys.close(fd6);
    }
  }
}
