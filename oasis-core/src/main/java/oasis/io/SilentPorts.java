// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static oasis.os.linux.LinuxConstants.AF_INET;
import static oasis.os.linux.LinuxConstants.AF_INET6;
import static oasis.os.linux.LinuxConstants.IPPROTO_IP;
import static oasis.os.linux.LinuxConstants.IPPROTO_IPV6;
import static oasis.os.linux.LinuxConstants.IPV6_V6ONLY;
import static oasis.os.linux.LinuxConstants.SOCK_CLOEXEC;
import static oasis.os.linux.LinuxConstants.SOCK_DGRAM;
import static oasis.os.linux.LinuxConstants.SOCK_STREAM;

import java.nio.ByteOrder;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.os.linux.Errno;
import oasis.os.linux.OpenFiles;
import oasis.os.linux.Sockets;
import oasis.os.linux.Sys;

/**
 * Keeps the kernel from answering what arrives for a range of ports that a {@link CapturePort}
 * serves: no TCP reset, no ICMP port unreachable. Each port is held by a listening TCP socket and a
 * bound UDP socket, of both families where the kernel has IPv6, with a filter before them that
 * drops everything. No other program can take a port of the range meanwhile.
 *
 * <p>Recent kernels (2026, stable ones too) give filters of TCP sockets only to CAP_NET_ADMIN.
 * Without it the TCP sockets ask for a time to live of at least 255 (RFC 5082), which drops just as
 * silently; only a neighbour on the same link can send such a packet, and few systems do.
 *
 * <p>It takes two file descriptors for each port, about 6 KiB of kernel memory for each of them,
 * and no privilege.
 */
public final class SilentPorts implements AutoCloseable {
  private static final int IP_MINTTL = 21;
  private static final int IPV6_MINHOPCOUNT = 73;
  private static final Memory HIGHEST_TTL = number(255);
  private static final Memory NO = number(0);

  private static final Memory DROP_ALL = dropAll();

  private final int[] sockets;
  private boolean filters = true;
  private int open;

  private SilentPorts(int files) {
    sockets = new int[files];
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
    SilentPorts ports = new SilentPorts(files(first, last));
    OpenFiles.allow(ports.sockets.length, "holding the ports " + first + "-" + last);
    try {
      int family = family();
      Memory address = Memory.allocate(Sockets.SOCKADDR_IN6_BYTES);
      for (int port = first; port <= last; port++) {
        int bytes = Sockets.putAddress(address.buffer(), 0, family, 0, 0, port);
        ports.hold(family, SOCK_STREAM, address, bytes, "TCP port " + port);
        ports.hold(family, SOCK_DGRAM, address, bytes, "UDP port " + port);
      }
    } catch (OsException | RuntimeException e) {
      ports.close();
      throw e;
    }
    return ports;
  }

  /**
   * Takes over the sockets of another process, which has got them by {@link #open} and hands its
   * {@link #files} on.
   *
   * @param files all of them, which belong to the result
   */
  public static SilentPorts adopt(int[] files) {
    SilentPorts ports = new SilentPorts(files.length);
    System.arraycopy(files, 0, ports.sockets, 0, files.length);
    ports.open = files.length;
    return ports;
  }

  /** How many open files a range takes. */
  public static int files(int first, int last) {
    return 2 * (last - first + 1);
  }

  /** The open files behind it, for another process to take over. */
  public int[] files() {
    return sockets.clone();
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

  private void hold(int family, int type, Memory address, int bytes, String what)
      throws OsException {
    int fd = Errno.check(Sys.socket(family, type | SOCK_CLOEXEC, 0), "socket", "for " + what);
    sockets[open++] = fd;
    // Before bind and listen: no packet may meet the socket while it would answer.
    silence(fd, family, type);
    if (family == AF_INET6) {
      set(fd, IPPROTO_IPV6, IPV6_V6ONLY, NO, "IPV6_V6ONLY");
    }
    int error = Sys.bind(fd, address, bytes);
    if (error == 0 && type == SOCK_STREAM) {
      error = Sys.listen(fd, 1);
    }
    if (error == -Errno.EADDRINUSE) {
      throw new OsException(what + " is in use by another program");
    }
    Errno.check(error, "bind", what);
  }

  private void silence(int fd, int family, int type) throws OsException {
    if (filters || type != SOCK_STREAM) {
      int error = BpfAssembler.tryAttach(fd, DROP_ALL);
      if (error != -Errno.EPERM || type != SOCK_STREAM) {
        Errno.check(error, "setsockopt", "SO_ATTACH_FILTER");
        return;
      }
      filters = false;
    }
    set(fd, IPPROTO_IP, IP_MINTTL, HIGHEST_TTL, "IP_MINTTL");
    if (family == AF_INET6) {
      set(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, HIGHEST_TTL, "IPV6_MINHOPCOUNT");
    }
  }

  /** Thousands of times: the value is not allocated for each of them. */
  private static void set(int fd, int level, int option, Memory value, String name)
      throws OsException {
    Errno.check(Sys.setsockopt(fd, level, option, value, 4), "setsockopt", name);
  }

  private static Memory number(int value) {
    Memory memory = Memory.allocate(4);
    memory.buffer().order(ByteOrder.nativeOrder()).putInt(0, value);
    return memory;
  }

  /** How the ports are silenced, for the log. */
  public String description() {
    return filters
        ? "sockets with a drop-all filter"
        : "sockets with a drop-all filter for UDP, a least TTL of 255 for TCP";
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
