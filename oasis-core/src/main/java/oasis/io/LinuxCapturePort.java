// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static oasis.os.linux.LinuxConstants.AF_PACKET;
import static oasis.os.linux.LinuxConstants.ETH_P_ALL;
import static oasis.os.linux.LinuxConstants.PACKET_IGNORE_OUTGOING;
import static oasis.os.linux.LinuxConstants.PACKET_STATISTICS;
import static oasis.os.linux.LinuxConstants.PACKET_VNET_HDR;
import static oasis.os.linux.LinuxConstants.SOCK_CLOEXEC;
import static oasis.os.linux.LinuxConstants.SOCK_NONBLOCK;
import static oasis.os.linux.LinuxConstants.SOCK_RAW;
import static oasis.os.linux.LinuxConstants.SOL_PACKET;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.os.linux.EnslavedInterfaces;
import oasis.os.linux.Errno;
import oasis.os.linux.Sockets;
import oasis.os.linux.Sys;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.DropReason;

/**
 * A packet socket (packet(7)) on all interfaces that sees what arrives for the reserved ports. It
 * gets copies: keeping the kernel's own stack from answering them is up to the caller.
 */
public final class LinuxCapturePort implements CapturePort {
  /** Most addresses of the host that one capture takes packets for. */
  public static final int MAX_ADDRESSES = CaptureFilter.MAX_ADDRESSES;

  private static final int SLOTS = 16;
  private static final int RECEIVE_BUFFER_BYTES = 16 << 20;
  private static final int SOCKADDR_LL_BYTES = 20;
  private static final int ETHER_BYTES = 14;

  /** Where the length of the struct tpacket_stats is said, behind it. */
  private static final int LENGTH_AT = 8;

  // Hardware types (if_arp.h) whose packets we can find behind the virtio header.
  private static final int ARPHRD_ETHER = 1;
  private static final int ARPHRD_PPP = 512;
  private static final int ARPHRD_RAWIP = 519;
  private static final int ARPHRD_TUNNEL = 768;
  private static final int ARPHRD_TUNNEL6 = 769;
  private static final int ARPHRD_LOOPBACK = 772;
  private static final int ARPHRD_SIT = 776;
  private static final int ARPHRD_NONE = 0xfffe;

  private final int fd;
  private final int firstPort;
  private final int lastPort;
  private int[] excluded;
  private final boolean laterFragments;
  private final PortCounters counters = new PortCounters();
  private final Memory statistics = Memory.allocate(LENGTH_AT + 4);
  private long missed;
  private final ReceiveSlots slots = new ReceiveSlots(SLOTS);

  private LinuxCapturePort(
      int fd, int firstPort, int lastPort, int[] excluded, boolean laterFragments) {
    this.fd = fd;
    this.firstPort = firstPort;
    this.lastPort = lastPort;
    this.excluded = excluded.clone();
    this.laterFragments = laterFragments;
  }

  /**
   * Opens a socket in the network namespace of the calling thread.
   *
   * @param local the host's own addresses of either family, at most 16; none for no packets
   * @param firstPort first destination port (or echo identifier) that it takes
   * @param lastPort last destination port that it takes
   * @param excludedInterfaces indexes of interfaces whose packets it never takes: our own TUN
   *     device, and {@link EnslavedInterfaces}, whose packets it would take twice; loopback never
   *     counts
   * @param laterFragments whether it takes fragments without ports, too, whosever they are
   */
  public static LinuxCapturePort open(
      List<Address> local,
      int firstPort,
      int lastPort,
      int[] excludedInterfaces,
      boolean laterFragments)
      throws OsException {
    int fd = socket();
    LinuxCapturePort port =
        new LinuxCapturePort(fd, firstPort, lastPort, excludedInterfaces, laterFragments);
    port.begin(() -> port.retarget(local));
    return port;
  }

  /**
   * Opens a socket that takes what programs of this host send to addresses of its loopback
   * interface, which the other way of opening leaves out.
   *
   * @param local loopback addresses of either family
   * @param tcpOrUdpPort destination port
   */
  public static LinuxCapturePort openLoopback(List<Address> local, int tcpOrUdpPort)
      throws OsException {
    int fd = socket();
    LinuxCapturePort port = new LinuxCapturePort(fd, tcpOrUdpPort, tcpOrUdpPort, new int[0], false);
    long[] filter = CaptureFilter.assembleLoopback(local, tcpOrUdpPort, tcpOrUdpPort);
    port.begin(() -> BpfAssembler.attach(fd, BpfAssembler.encode(filter)));
    return port;
  }

  private static int socket() throws OsException {
    // With protocol 0 nothing is queued before the filter stands and the socket is bound.
    int fd = Sys.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd == -Errno.EPERM) {
      throw new OsException(
          "packet capture needs CAP_NET_RAW: run as root, or grant it"
              + " (systemd: AmbientCapabilities=CAP_NET_RAW)");
    }
    return Errno.check(fd, "socket", "for packet capture");
  }

  /** Puts the filter in place. */
  @FunctionalInterface
  private interface Filter {
    void attach() throws OsException;
  }

  private void begin(Filter filter) throws OsException {
    try {
      Sockets.set(fd, SOL_PACKET, PACKET_VNET_HDR, 1, "PACKET_VNET_HDR");
      Sockets.set(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, "PACKET_IGNORE_OUTGOING");
      Sockets.receiveBuffer(fd, RECEIVE_BUFFER_BYTES);
      filter.attach();
      bindToAll(fd);
    } catch (OsException | RuntimeException e) {
      Sys.close(fd);
      throw e;
    }
  }

  /**
   * Takes over the socket of another process, with what waits in it.
   *
   * @param fd got by {@link #open} there, with the same ports; belongs to the result
   */
  public static LinuxCapturePort adopt(
      int fd,
      List<Address> local,
      int firstPort,
      int lastPort,
      int[] excludedInterfaces,
      boolean laterFragments)
      throws OsException {
    LinuxCapturePort port =
        new LinuxCapturePort(fd, firstPort, lastPort, excludedInterfaces, laterFragments);
    port.retarget(local);
    return port;
  }

  /**
   * Replaces the addresses that it takes packets for, when the host's own have changed.
   *
   * @param local the host's own addresses of either family
   */
  public void retarget(List<Address> local) throws OsException {
    retarget(local, excluded);
  }

  /**
   * Replaces the addresses that it takes packets for and the interfaces that it never looks at,
   * when addresses or interfaces of the host have changed.
   *
   * @param local the host's own addresses of either family
   * @param excludedInterfaces indexes of interfaces whose packets it never takes; those behind the
   *     first 1024 count like others
   */
  public void retarget(List<Address> local, int[] excludedInterfaces) throws OsException {
    BpfAssembler.attach(
        fd,
        BpfAssembler.encode(
            CaptureFilter.assemble(
                local, firstPort, lastPort, excludedInterfaces, laterFragments)));
    excluded = excludedInterfaces.clone();
  }

  private static void bindToAll(int fd) throws OsException {
    // struct sockaddr_ll: family (host order), protocol (network order), interface 0 = all
    Memory address = Memory.allocate(SOCKADDR_LL_BYTES);
    address.buffer().putShort(2, (short) ETH_P_ALL);
    address.buffer().order(ByteOrder.nativeOrder()).putShort(0, (short) AF_PACKET);
    Errno.check(Sys.bind(fd, address, SOCKADDR_LL_BYTES), "bind", "for packet capture");
  }

  @Override
  public int fd() {
    return fd;
  }

  @Override
  public int slots() {
    return SLOTS;
  }

  @Override
  public int receive() {
    int n = slots.receive(fd, SLOTS);
    return n == -Errno.EAGAIN || n == -Errno.EINTR ? 0 : n;
  }

  @Override
  public boolean burst(int i, Burst into) {
    int linkBytes = linkBytes(i);
    DropReason bad =
        linkBytes < 0
            ? DropReason.NOT_IP
            : into.checkOffloaded(
                slots.buffer(), slots.address(), slots.offset(i), slots.bytes(i), linkBytes);
    if (bad != null) {
      counters.drop(bad, 1);
      return false;
    }
    counters.in(into.segments(), into.length());
    return true;
  }

  /** Bytes of link header by the interface's hardware type (sll_hatype), or -1. */
  private int linkBytes(int i) {
    int type =
        Short.toUnsignedInt(
            Short.reverseBytes(slots.messages().names().getShort(slots.messages().nameAt(i) + 8)));
    return switch (type) {
      case ARPHRD_ETHER, ARPHRD_LOOPBACK -> ETHER_BYTES;
      // None of these shows a link header, not even those that have one on the wire.
      case ARPHRD_NONE, ARPHRD_RAWIP, ARPHRD_PPP, ARPHRD_TUNNEL, ARPHRD_TUNNEL6, ARPHRD_SIT -> 0;
      default -> -1;
    };
  }

  @Override
  public PortCounters counters() {
    return counters;
  }

  /** Packets that came faster than they were read and are lost, since the socket was opened. */
  public long missed() {
    // struct tpacket_stats: packets, drops; reading resets them.
    ByteBuffer bytes = statistics.buffer().order(ByteOrder.nativeOrder());
    bytes.putInt(LENGTH_AT, LENGTH_AT);
    long length = statistics.address() + LENGTH_AT;
    if (Sys.getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, statistics.address(), length) == 0) {
      missed += Integer.toUnsignedLong(bytes.getInt(4));
    }
    return missed;
  }

  @Override
  public void close() {
    Sys.close(fd);
  }
}
