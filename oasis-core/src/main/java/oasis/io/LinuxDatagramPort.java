// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static oasis.os.linux.LinuxConstants.AF_INET;
import static oasis.os.linux.LinuxConstants.AF_INET6;
import static oasis.os.linux.LinuxConstants.IPPROTO_IPV6;
import static oasis.os.linux.LinuxConstants.IPPROTO_UDP;
import static oasis.os.linux.LinuxConstants.IPV6_V6ONLY;
import static oasis.os.linux.LinuxConstants.SOCK_CLOEXEC;
import static oasis.os.linux.LinuxConstants.SOCK_DGRAM;
import static oasis.os.linux.LinuxConstants.SOCK_NONBLOCK;
import static oasis.os.linux.LinuxConstants.SOL_SOCKET;
import static oasis.os.linux.LinuxConstants.SOL_UDP;
import static oasis.os.linux.LinuxConstants.SO_MARK;
import static oasis.os.linux.LinuxConstants.UDP_GRO;
import static oasis.os.linux.LinuxConstants.UDP_SEGMENT;

import java.nio.ByteBuffer;
import oasis.os.OsException;
import oasis.os.linux.Errno;
import oasis.os.linux.Sockets;
import oasis.os.linux.Sys;
import oasis.packet.Burst;
import oasis.packet.Sealer;
import org.jspecify.annotations.Nullable;

/**
 * A UDP socket with UDP_GRO and UDP_SEGMENT where the kernel has them.
 *
 * <p>A socket that listens on {@code ::} serves IPv4 peers too: their addresses come and go in the
 * IPv4-mapped form that addresses have everywhere.
 */
public final class LinuxDatagramPort implements DatagramPort {
  private static final int SLOTS = 16;
  private static final int RECEIVE_BUFFER_BYTES = 8 << 20;
  private static final int SEND_BUFFER_BYTES = 4 << 20;

  private final int fd;
  private final int localPort;
  private final boolean gso;
  private final boolean gro;
  private final PortCounters counters = new PortCounters();
  private final ReceiveSlots slots = new ReceiveSlots(SLOTS);
  private final int[] datagramBytes = new int[SLOTS];
  private final SendQueue queue;

  private LinuxDatagramPort(int fd, int family, int localPort, boolean gso, boolean gro) {
    this.fd = fd;
    this.localPort = localPort;
    this.gso = gso;
    this.gro = gro;
    queue = new SendQueue(fd, family, gso, counters);
  }

  /**
   * Opens a socket in the network namespace of the calling thread.
   *
   * @param local address and port to bind; port 0 lets the kernel choose. Without a peer, {@code
   *     ::} stands for all addresses of both families, and where the kernel has no IPv6 for those
   *     of IPv4
   * @param peer the only peer, or null for a socket that is not connected
   * @param mark firewall mark of what it sends (SO_MARK), 0 for none
   */
  public static LinuxDatagramPort open(Endpoint local, @Nullable Endpoint peer, int mark)
      throws OsException {
    int family = local.isIpv4() ? AF_INET : AF_INET6;
    int fd = socket(family);
    if (fd == -Errno.EAFNOSUPPORT && servesAll(local, peer)) {
      family = AF_INET;
      fd = socket(family);
    }
    Errno.check(fd, "socket", "for UDP");
    try {
      return configure(fd, family, local, peer, mark);
    } catch (OsException | RuntimeException e) {
      Sys.close(fd);
      throw e;
    }
  }

  /**
   * Takes over the socket of another process, with what waits in it.
   *
   * @param fd got by {@link #open} there without a peer; belongs to the result
   */
  public static LinuxDatagramPort adopt(int fd) throws OsException {
    int family = Errno.check(Sockets.family(fd), "getsockname", "of a UDP socket");
    return of(fd, family);
  }

  private static LinuxDatagramPort of(int fd, int family) throws OsException {
    boolean gro = Sockets.trySet(fd, SOL_UDP, UDP_GRO, 1) == 0;
    boolean gso = Sockets.trySet(fd, SOL_UDP, UDP_SEGMENT, 0) == 0;
    int port = Errno.check(Sockets.localPort(fd), "getsockname", "of a UDP socket");
    return new LinuxDatagramPort(fd, family, port, gso, gro);
  }

  private static int socket(int family) {
    return Sys.socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
  }

  private static boolean servesAll(Endpoint local, @Nullable Endpoint peer) {
    return local.hi() == 0 && local.lo() == 0 && peer == null;
  }

  private static LinuxDatagramPort configure(
      int fd, int family, Endpoint local, @Nullable Endpoint peer, int mark) throws OsException {
    if (family == AF_INET6) {
      Sockets.set(fd, IPPROTO_IPV6, IPV6_V6ONLY, servesAll(local, peer) ? 0 : 1, "IPV6_V6ONLY");
    }
    if (mark != 0) {
      Sockets.set(fd, SOL_SOCKET, SO_MARK, mark, "SO_MARK");
    }
    Sockets.receiveBuffer(fd, RECEIVE_BUFFER_BYTES);
    Sockets.sendBuffer(fd, SEND_BUFFER_BYTES);
    Errno.check(
        Sockets.bind(fd, family, local.hi(), local.lo(), local.port()),
        "bind",
        "UDP port " + local.port());
    if (peer != null) {
      Errno.check(
          Sockets.connect(fd, family, peer.hi(), peer.lo(), peer.port()),
          "connect",
          "UDP port " + peer.port());
    }
    return of(fd, family);
  }

  /** What the kernel offloads for us, for the log: {@code GSO, GRO} or less. */
  public String offloads() {
    return gso ? gro ? "GSO, GRO" : "GSO" : gro ? "GRO" : "none";
  }

  @Override
  public int fd() {
    return fd;
  }

  @Override
  public int localPort() {
    return localPort;
  }

  @Override
  public int slots() {
    return SLOTS;
  }

  @Override
  public int receive() {
    int error = queue.takeSocketError();
    if (error != 0) {
      return -error;
    }
    int n = slots.receive(fd, SLOTS);
    if (n < 0) {
      return n == -Errno.EAGAIN || n == -Errno.EINTR ? 0 : n;
    }
    for (int i = 0; i < n; i++) {
      int bytes = slots.bytes(i);
      int each = bounded(slots.messages().controlInt(i, SOL_UDP, UDP_GRO, bytes), bytes);
      datagramBytes[i] = each;
      counters.in(each == bytes ? 1 : (bytes + each - 1) / each, bytes);
    }
    return n;
  }

  /** The datagram size that the kernel reports, or all bytes when it cannot be right. */
  static int bounded(int reported, int bytes) {
    return reported <= 0 || reported > bytes ? bytes : reported;
  }

  @Override
  public ByteBuffer buffer(int i) {
    return slots.buffer();
  }

  @Override
  public long address(int i) {
    return slots.address();
  }

  @Override
  public int offset(int i) {
    return slots.offset(i);
  }

  @Override
  public int bytes(int i) {
    return slots.bytes(i);
  }

  @Override
  public int datagramBytes(int i) {
    return datagramBytes[i];
  }

  @Override
  public long sourceHi(int i) {
    return Sockets.addressHi(slots.messages().names(), slots.messages().nameAt(i));
  }

  @Override
  public long sourceLo(int i) {
    return Sockets.addressLo(slots.messages().names(), slots.messages().nameAt(i));
  }

  @Override
  public int sourcePort(int i) {
    return Sockets.port(slots.messages().names(), slots.messages().nameAt(i));
  }

  @Override
  public void sealWith(@Nullable Sealer sealer) {
    queue.sealWith(sealer);
  }

  @Override
  public void add(Burst burst) {
    queue.add(burst, 0, 0, -1);
  }

  @Override
  public void add(Burst burst, long hi, long lo, int port) {
    queue.add(burst, hi, lo, port);
  }

  @Override
  public int sendEmpty() {
    return queue.sendEmpty(0, 0, -1);
  }

  @Override
  public void sendEmpty(long hi, long lo, int port) {
    queue.sendEmpty(hi, lo, port);
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
