// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

/** Numbers of the Linux system call interface, the same on x86-64 and arm64. */
public final class LinuxConstants {
  public static final int O_RDONLY = 0;
  public static final int O_RDWR = 2;
  public static final int O_NONBLOCK = 0x800;
  public static final int O_CLOEXEC = 0x80000;

  public static final int AF_UNSPEC = 0;
  public static final int AF_UNIX = 1;
  public static final int AF_INET = 2;
  public static final int AF_INET6 = 10;
  public static final int AF_NETLINK = 16;
  public static final int AF_PACKET = 17;
  public static final int SOCK_STREAM = 1;
  public static final int SOCK_DGRAM = 2;
  public static final int SOCK_RAW = 3;
  public static final int SOCK_NONBLOCK = 0x800;
  public static final int SOCK_CLOEXEC = 0x80000;
  public static final int IPPROTO_IP = 0;
  public static final int IPPROTO_UDP = 17;
  public static final int IPPROTO_IPV6 = 41;
  public static final int IPPROTO_RAW = 255;
  public static final int ETH_P_ALL = 3;
  public static final int ETH_P_IP = 0x0800;
  public static final int ETH_P_IPV6 = 0x86dd;

  public static final int SOL_SOCKET = 1;
  public static final int SO_SNDBUF = 7;
  public static final int SO_RCVBUF = 8;
  public static final int SO_ATTACH_FILTER = 26;
  public static final int SO_SNDBUFFORCE = 32;
  public static final int SO_TIMESTAMPNS = 35;
  public static final int SO_RCVBUFFORCE = 33;
  public static final int SO_MARK = 36;
  public static final int SO_TIMESTAMPING = 37;
  public static final int SOL_UDP = 17;
  public static final int UDP_SEGMENT = 103;
  public static final int UDP_GRO = 104;
  public static final int SOL_PACKET = 263;
  public static final int PACKET_VNET_HDR = 15;
  public static final int PACKET_STATISTICS = 6;
  public static final int PACKET_IGNORE_OUTGOING = 23;
  public static final int IPV6_V6ONLY = 26;

  public static final int MSG_DONTWAIT = 0x40;
  public static final int MSG_ERRQUEUE = 0x2000;
  public static final int MSG_TRUNC = 0x20;
  public static final int POLLIN = 1;
  public static final int POLLOUT = 4;
  public static final int EFD_NONBLOCK = 0x800;
  public static final int EFD_CLOEXEC = 0x80000;
  public static final int PROT_READ = 1;
  public static final int PROT_WRITE = 2;
  public static final int PROT_EXEC = 4;
  public static final int MAP_PRIVATE = 0x02;
  public static final int MAP_ANONYMOUS = 0x20;
  public static final int PR_SET_TIMERSLACK = 29;
  public static final int CLOCK_REALTIME = 0;
  public static final int CLOCK_MONOTONIC = 1;
  public static final int TFD_NONBLOCK = 0x800;
  public static final int TFD_CLOEXEC = 0x80000;

  public static final int IFF_TUN = 1;
  public static final int IFF_NO_PI = 0x1000;
  public static final int IFF_VNET_HDR = 0x4000;
  public static final long TUNSETIFF = 0x4004_54caL;
  public static final long TUNSETOFFLOAD = 0x4004_54d0L;
  public static final long TUNSETVNETHDRSZ = 0x4004_54d8L;
  public static final int TUN_F_CSUM = 0x01;
  public static final int TUN_F_TSO4 = 0x02;
  public static final int TUN_F_TSO6 = 0x04;
  public static final int TUN_F_TSO_ECN = 0x08;
  public static final int TUN_F_USO4 = 0x20;
  public static final int TUN_F_USO6 = 0x40;
  public static final long SIOCSIFMTU = 0x8922;
  public static final long SIOCETHTOOL = 0x8946;

  private LinuxConstants() {}
}
