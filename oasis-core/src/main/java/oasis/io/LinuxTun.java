// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static oasis.os.linux.LinuxConstants.AF_INET;
import static oasis.os.linux.LinuxConstants.IFF_NO_PI;
import static oasis.os.linux.LinuxConstants.IFF_TUN;
import static oasis.os.linux.LinuxConstants.IFF_VNET_HDR;
import static oasis.os.linux.LinuxConstants.O_CLOEXEC;
import static oasis.os.linux.LinuxConstants.O_NONBLOCK;
import static oasis.os.linux.LinuxConstants.O_RDWR;
import static oasis.os.linux.LinuxConstants.SIOCSIFMTU;
import static oasis.os.linux.LinuxConstants.SOCK_CLOEXEC;
import static oasis.os.linux.LinuxConstants.SOCK_DGRAM;
import static oasis.os.linux.LinuxConstants.TUNSETIFF;
import static oasis.os.linux.LinuxConstants.TUNSETOFFLOAD;
import static oasis.os.linux.LinuxConstants.TUNSETVNETHDRSZ;
import static oasis.os.linux.LinuxConstants.TUN_F_CSUM;
import static oasis.os.linux.LinuxConstants.TUN_F_TSO4;
import static oasis.os.linux.LinuxConstants.TUN_F_TSO6;
import static oasis.os.linux.LinuxConstants.TUN_F_TSO_ECN;
import static oasis.os.linux.LinuxConstants.TUN_F_USO4;
import static oasis.os.linux.LinuxConstants.TUN_F_USO6;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.os.linux.Errno;
import oasis.os.linux.Sys;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.Ip;
import oasis.packet.Segmenter;
import oasis.packet.VirtioHeader;

/**
 * A TUN device of this process: never persistent, so it vanishes with us. One read or write moves a
 * whole burst, described by a virtio header ({@code IFF_VNET_HDR}).
 *
 * <p>A burst that the kernel refuses to take whole is written packet by packet, and so are the
 * following ones for a while.
 */
public final class LinuxTun implements TunPort {
  private static final int SLOTS = 32;
  // The virtio header ends, and the packet begins, at a cache line.
  private static final int HEADROOM_BYTES = 64;
  private static final int READ_BYTES = VirtioHeader.BYTES + 65_536;
  // Not a power of two: see ReceiveSlots.
  private static final int STRIDE_BYTES = HEADROOM_BYTES + 65_536 + 1088;
  private static final int REST_PKTS = 10_000;
  private static final int EBADFD = 77;

  private static final int TSO = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
  private static final int USO = TUN_F_USO4 | TUN_F_USO6;

  private final int fd;
  private final String name;
  private final int mtu;
  private final int offloads;
  private final PortCounters counters = new PortCounters();
  private final Memory slots = Memory.allocate(SLOTS * STRIDE_BYTES);
  private final Memory arena = Memory.allocate(Segmenter.ARENA_BYTES);
  private final Segmenter segmenter = new Segmenter(arena.buffer());
  // A virtio header, padded to 16 bytes, and the iovecs of one write.
  private final Memory gather = Memory.allocate(16 + 16 * (Burst.MAX_PIECES + 2));
  private final ByteBuffer iovecs = gather.buffer().duplicate().order(ByteOrder.nativeOrder());
  private int restPkts;

  private LinuxTun(int fd, String name, int mtu, int offloads) {
    this.fd = fd;
    this.name = name;
    this.mtu = mtu;
    this.offloads = offloads;
  }

  /**
   * Creates the device in the network namespace of the calling thread, with its MTU set; address,
   * routes and {@code up} are left to the caller.
   *
   * @param name 1 to 15 characters
   * @param mtu 68 to 65,535 bytes
   */
  public static LinuxTun open(String name, int mtu) throws OsException {
    if (name.isEmpty() || name.length() > 15 || mtu < 68 || mtu > 65_535) {
      throw new OsException("TUN device " + name + " with MTU " + mtu + ": not valid");
    }
    int fd =
        Errno.check(
            Sys.open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), "open", "/dev/net/tun");
    try {
      request(fd, TUNSETIFF, "TUNSETIFF", name, IFF_TUN | IFF_NO_PI | IFF_VNET_HDR);
      Memory size = Memory.allocate(4);
      size.buffer().order(ByteOrder.nativeOrder()).putInt(0, VirtioHeader.BYTES);
      Errno.check(Sys.ioctl(fd, TUNSETVNETHDRSZ, size), "TUNSETVNETHDRSZ", name);
      int offloads = enableOffloads(fd);
      setMtu(name, mtu);
      return new LinuxTun(fd, name, mtu, offloads);
    } catch (OsException | RuntimeException e) {
      Sys.close(fd);
      throw e;
    }
  }

  /**
   * Takes over the device of another process, with what waits in it.
   *
   * @param fd got by {@link #open} there; belongs to the result
   * @param name of the device
   * @param mtu as for {@link #open}
   */
  public static LinuxTun adopt(int fd, String name, int mtu) throws OsException {
    int offloads = enableOffloads(fd);
    setMtu(name, mtu);
    return new LinuxTun(fd, name, mtu, offloads);
  }

  /** Asks for all offloads, then for those of older kernels (USO came with Linux 6.2). */
  private static int enableOffloads(int fd) {
    if (Sys.ioctl(fd, TUNSETOFFLOAD, TSO | USO) >= 0) {
      return TSO | USO;
    }
    return Sys.ioctl(fd, TUNSETOFFLOAD, TSO) >= 0 ? TSO : 0;
  }

  private static void setMtu(String name, int mtu) throws OsException {
    int socket =
        Errno.check(Sys.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket", "for SIOCSIFMTU");
    try {
      request(socket, SIOCSIFMTU, "SIOCSIFMTU " + mtu, name, mtu);
    } finally {
      Sys.close(socket);
    }
  }

  /** An ioctl on {@code struct ifreq}: the name, then one number. */
  private static void request(int fd, long request, String call, String name, int value)
      throws OsException {
    Memory ifreq = Memory.allocate(40);
    ifreq.buffer().put(0, name.getBytes(US_ASCII));
    // As an int it is right for an int, and on a little-endian host for a short too.
    ifreq.buffer().order(ByteOrder.LITTLE_ENDIAN).putInt(16, value);
    Errno.check(Sys.ioctl(fd, request, ifreq), call, name);
  }

  /** Name of the device. */
  public String name() {
    return name;
  }

  /** What the kernel offloads to us, for the log: {@code TSO}, {@code TSO, USO} or {@code none}. */
  public String offloads() {
    return offloads == 0 ? "none" : udpBursts() ? "TSO, USO" : "TSO";
  }

  @Override
  public boolean udpBursts() {
    return (offloads & USO) != 0;
  }

  @Override
  public int fd() {
    return fd;
  }

  @Override
  public int mtu() {
    return mtu;
  }

  @Override
  public int slots() {
    return SLOTS;
  }

  @Override
  public int read(Burst into, int slot) {
    int at = slot * STRIDE_BYTES + HEADROOM_BYTES - VirtioHeader.BYTES;
    int bytes = (int) Sys.read(fd, slots.address() + at, READ_BYTES);
    if (bytes <= 0) {
      return bytes == -EBADFD || bytes == -Errno.ENODEV ? GONE : NOTHING;
    }
    DropReason bad = into.checkOffloaded(slots.buffer(), slots.address(), at, bytes, 0);
    if (bad != null) {
      counters.drop(bad, 1);
      return DROPPED;
    }
    counters.in(into.segments(), into.length());
    return READ;
  }

  @Override
  public void write(Burst burst) {
    int pkts = burst.segments();
    if (pkts > 1 && !takesWhole(burst)) {
      writeSegments(burst);
      return;
    }
    int error = writeWhole(burst);
    if (error == 0) {
      counters.out(pkts, burst.length());
    } else if (pkts > 1 && (error == Errno.EINVAL || error == Errno.EIO)) {
      if (writeSegments(burst)) {
        // Not the device is at fault (it may be down): the offload is.
        counters.offloadRefused();
        restPkts = REST_PKTS;
      }
    } else {
      counters.drop(reason(error), pkts);
    }
  }

  private boolean takesWhole(Burst burst) {
    if (restPkts > 0) {
      restPkts = Math.max(0, restPkts - burst.segments());
      return false;
    }
    return burst.protocol() == Ip.TCP || udpBursts();
  }

  /** Writes headers and pieces, those that lie side by side as one. Returns 0 or errno. */
  private int writeWhole(Burst b) {
    VirtioHeader.write(gather.buffer(), 0, b, 0);
    int count = 1;
    iovec(0, gather.address(), VirtioHeader.BYTES);
    int begin = b.start();
    int end = begin + b.headerBytes();
    for (int i = 0; i < b.pieces(); i++) {
      int piece = b.pieceStart(i);
      if (piece != end) {
        iovec(count++, b.address() + begin, end - begin);
        begin = piece;
        end = piece;
      }
      end += b.pieceBytes(i);
    }
    iovec(count++, b.address() + begin, end - begin);
    return writev(count);
  }

  /** Writes the burst as single packets. Returns true when the kernel took one of them. */
  private boolean writeSegments(Burst b) {
    boolean taken = false;
    gather.buffer().putLong(0, 0).putLong(8, 0); // nothing is offloaded: a virtio header of zeros
    iovec(0, gather.address(), VirtioHeader.BYTES);
    int pkts = b.segments();
    for (int first = 0; first < pkts; ) {
      int n = segmenter.segment(b, first);
      for (int i = 0; i < n; i++) {
        iovec(1, arena.address() + segmenter.headerStart(i), segmenter.headerBytes());
        iovec(2, b.address() + segmenter.payloadStart(i), segmenter.payloadBytes(i));
        int error = writev(3);
        if (error == 0) {
          taken = true;
          counters.out(1, segmenter.headerBytes() + segmenter.payloadBytes(i));
        } else {
          counters.drop(reason(error), 1);
        }
      }
      first += n;
    }
    return taken;
  }

  private void iovec(int index, long address, long bytes) {
    int at = 16 + 16 * index;
    iovecs.putLong(at, address);
    iovecs.putLong(at + 8, bytes);
  }

  private int writev(int count) {
    int result = (int) Sys.writev(fd, gather.address() + 16, count);
    return result > 0 ? 0 : -result;
  }

  private static DropReason reason(int errno) {
    return switch (errno) {
      case Errno.EAGAIN, Errno.ENOBUFS, Errno.ENOMEM -> DropReason.SEND_QUEUE_FULL;
      default -> DropReason.SEND_REFUSED;
    };
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
