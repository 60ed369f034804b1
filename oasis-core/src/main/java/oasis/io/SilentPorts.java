// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static oasis.os.linux.LinuxConstants.AF_INET;
import static oasis.os.linux.LinuxConstants.AF_INET6;
import static oasis.os.linux.LinuxConstants.IPPROTO_IPV6;
import static oasis.os.linux.LinuxConstants.IPV6_V6ONLY;
import static oasis.os.linux.LinuxConstants.SOCK_CLOEXEC;
import static oasis.os.linux.LinuxConstants.SOCK_DGRAM;
import static oasis.os.linux.LinuxConstants.SOCK_STREAM;

import oasis.os.Memory;
import oasis.os.OsException;
import oasis.os.linux.Errno;
import oasis.os.linux.Sockets;
import oasis.os.linux.Sys;

/**
 * Keeps the kernel from answering what arrives for a range of ports that a {@link CapturePort}
 * serves: no TCP reset, no ICMP port unreachable. Each port is held by a listening TCP socket and a
 * bound UDP socket, of both families where the kernel has IPv6, with a filter before them that
 * drops everything. No other program can take a port of the range meanwhile.
 *
 * <p>It takes two file descriptors for each port and no privilege.
 */
public final class SilentPorts implements AutoCloseable {
  private static final Memory DROP_ALL = dropAll();

  private final int[] sockets;
  private int open;

  private SilentPorts(int ports) {
    sockets = new int[2 * ports];
  }

  /**
   * Takes all ports of a range, in the network namespace of the calling thread.
   *
   * @param first first port, 1 to 65535
   * @param last last port, not below the first
   * @throws OsException with one line, when a port is in use (named) or the limit of open files is
   *     too low; then none is held
   */
  public static SilentPorts open(int first, int last) throws OsException {
    if (first < 1 || last > 0xffff || first > last) {
      throw new IllegalArgumentException("ports " + first + "-" + last);
    }
    SilentPorts ports = new SilentPorts(last - first + 1);
    try {
      int family = family();
      Memory address = Memory.allocate(Sockets.SOCKADDR_IN6_BYTES);
      for (int port = first; port <= last; port++) {
        int bytes = Sockets.putAddress(address.buffer(), 0, family, 0, 0, port);
        ports.hold(family, SOCK_STREAM, address, bytes, port);
        ports.hold(family, SOCK_DGRAM, address, bytes, port);
      }
    } catch (OsException | RuntimeException e) {
      ports.close();
      throw e;
    }
    return ports;
  }

  /** AF_INET6, whose sockets serve both families, or AF_INET where the kernel has no IPv6. */
  private static int family() throws OsException {
    int fd = Sys.socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd == -Errno.EAFNOSUPPORT) {
      return AF_INET;
    }
    Sys.close(Errno.check(fd, "socket", "of IPv6"));
    return AF_INET6;
  }

  private void hold(int family, int type, Memory address, int bytes, int port) throws OsException {
    String what = (type == SOCK_STREAM ? "TCP" : "UDP") + " port " + port;
    int fd = Errno.check(Sys.socket(family, type | SOCK_CLOEXEC, 0), "socket", "for " + what);
    sockets[open++] = fd;
    // Before bind and listen: no packet may meet the socket without its filter.
    BpfAssembler.attach(fd, DROP_ALL);
    if (family == AF_INET6) {
      Sockets.set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0, "IPV6_V6ONLY");
    }
    Errno.check(Sys.bind(fd, address, bytes), "bind", what);
    if (type == SOCK_STREAM) {
      Errno.check(Sys.listen(fd, 1), "listen", what);
    }
  }

  private static Memory dropAll() {
    BpfAssembler bpf = new BpfAssembler();
    bpf.take(0);
    return BpfAssembler.encode(bpf.assemble());
  }

  @Override
  public void close() {
    while (open > 0) {
      Sys.close(sockets[--open]);
    }
  }
}
