// SPDX-License-Identifier: Apache-2.0
package oasis.lab;

import static oasis.os.linux.LinuxConstants.AF_INET;
import static oasis.os.linux.LinuxConstants.AF_INET6;
import static oasis.os.linux.LinuxConstants.IPPROTO_IP;
import static oasis.os.linux.LinuxConstants.IPPROTO_IPV6;
import static oasis.os.linux.LinuxConstants.SOCK_CLOEXEC;
import static oasis.os.linux.LinuxConstants.SOCK_DGRAM;
import static oasis.os.linux.LinuxConstants.SOL_SOCKET;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import oasis.emulator.Node;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.os.linux.Errno;
import oasis.os.linux.Netns;
import oasis.os.linux.Sockets;
import oasis.os.linux.Sys;
import oasis.packet.Address;

/** A UDP socket whose datagrams are never fragmented, and which knows the MTU of their path. */
public final class MtuProbe implements AutoCloseable {
  // Linux, include/uapi/linux/in.h and in6.h.
  private static final int IP_MTU_DISCOVER = 10;
  private static final int IP_MTU = 14;
  private static final int IPV6_MTU_DISCOVER = 23;
  private static final int IPV6_MTU = 24;
  private static final int SO_ERROR = 4;
  private static final int PMTUDISC_DO = 2;

  private static final int MAX_BYTES = 16_384;

  private final int fd;
  private final boolean v4;
  private final Memory memory = Memory.allocate(MAX_BYTES);

  private MtuProbe(int fd, boolean v4) {
    this.fd = fd;
    this.v4 = v4;
  }

  /** Opens one in a node and connects it. */
  public static MtuProbe open(Node node, String address, int port) throws Exception {
    Address to = Address.parse(address);
    int family = to.isV4() ? AF_INET : AF_INET6;
    return Netns.in(
        node.namespace(),
        () -> {
          int fd = Sys.socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
          MtuProbe probe = new MtuProbe(Errno.check(fd, "socket", "probe"), to.isV4());
          int level = to.isV4() ? IPPROTO_IP : IPPROTO_IPV6;
          int option = to.isV4() ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER;
          Sockets.set(fd, level, option, PMTUDISC_DO, "MTU_DISCOVER");
          Errno.check(Sockets.connect(fd, family, to.hi(), to.lo(), port), "connect", address);
          return probe;
        });
  }

  /**
   * Sends one datagram. What became of those before it, and was not asked for, is forgotten.
   *
   * @param packetBytes length of the whole packet, with IP and UDP headers
   * @return 0, or the error number
   */
  public int send(int packetBytes) throws Exception {
    option(SOL_SOCKET, SO_ERROR);
    long sent = Sys.write(fd, memory.address(), packetBytes - (v4 ? 28 : 48));
    return sent < 0 ? (int) -sent : 0;
  }

  /** What the kernel takes for the MTU of the path now. */
  public int mtu() throws Exception {
    return v4 ? option(IPPROTO_IP, IP_MTU) : option(IPPROTO_IPV6, IPV6_MTU);
  }

  private int option(int level, int option) throws OsException {
    ByteBuffer value = memory.buffer().duplicate().order(ByteOrder.nativeOrder());
    value.putInt(0, 0).putInt(4, 4);
    long at = memory.address();
    Errno.check(Sys.getsockopt(fd, level, option, at, at + 4), "getsockopt", "probe");
    return value.getInt(0);
  }

  @Override
  public void close() {
    Sys.close(fd);
  }
}
