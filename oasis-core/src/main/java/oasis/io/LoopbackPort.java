// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static oasis.os.linux.LinuxConstants.AF_INET;
import static oasis.os.linux.LinuxConstants.AF_INET6;
import static oasis.os.linux.LinuxConstants.MSG_DONTWAIT;

import oasis.os.Memory;
import oasis.os.OsException;
import oasis.os.linux.Errno;
import oasis.os.linux.Sockets;
import oasis.os.linux.Sys;
import oasis.packet.Burst;
import oasis.packet.Ip;
import oasis.packet.Segmenter;

/**
 * Sends to programs on the loopback interface by raw sockets. Its MTU is 64 KiB, so a burst of TCP
 * leaves as the one long segment that it is the sum of: a kernel takes a segment that is longer
 * than the size it announced. A packet socket would not do: what it sends from 127.0.0.1 the kernel
 * takes for forged.
 *
 * <p>Where the kernel refuses a long packet (a smaller MTU, no memory in one piece), it leaves in
 * its segments, and so do others for a while. Confined to the data loop.
 */
public final class LoopbackPort implements RawPort {
  /** How long bursts leave in segments after a refusal. */
  private static final long REST_NS = 1_000_000_000L;

  private final LinuxRawPort raw;
  private final Memory arena = Memory.allocate(Segmenter.MAX_HEADER_BYTES);
  private final Segmenter segmenter = new Segmenter(arena.buffer());
  private final NativeMessages message = new NativeMessages(1, 1 + Burst.MAX_PIECES);
  private boolean rests;
  private long restUntilNs;

  private LoopbackPort(LinuxRawPort raw) {
    this.raw = raw;
  }

  /** Opens the sockets in the network namespace of the calling thread; takes CAP_NET_RAW. */
  public static LoopbackPort open() throws OsException {
    return new LoopbackPort(LinuxRawPort.open(0));
  }

  @Override
  public int add(Burst burst) {
    if (burst.segments() == 1 || burst.protocol() != Ip.TCP || resting() || !sendWhole(burst)) {
      raw.add(burst);
    }
    return 0;
  }

  private boolean resting() {
    rests = rests && System.nanoTime() - restUntilNs < 0;
    return rests;
  }

  private boolean sendWhole(Burst b) {
    int fd = raw.fd(b.version());
    if (fd < 0) {
      return false;
    }
    raw.flush(); // it must not overtake what waits there
    message.iovec(0, arena.address(), segmenter.whole(b, 0));
    for (int i = 0; i < b.pieces(); i++) {
      message.iovec(1 + i, b.address() + b.pieceStart(i), b.pieceBytes(i));
    }
    message.iovecs(0, 0, 1 + b.pieces());
    int family = b.version() == 4 ? AF_INET : AF_INET6;
    long hi = Ip.dstHi(b.buffer(), b.start());
    long lo = Ip.dstLo(b.buffer(), b.start());
    message.name(0, Sockets.putAddress(message.names(), message.nameAt(0), family, hi, lo, 0));
    long sent = Sys.sendmsg(fd, message.address(0), MSG_DONTWAIT);
    while (sent == -Errno.EINTR) {
      sent = Sys.sendmsg(fd, message.address(0), MSG_DONTWAIT);
    }
    if (sent == -Errno.EAGAIN || sent == -Errno.ENOBUFS) {
      return false; // no room now, which says nothing about long packets
    }
    if (sent < 0) {
      counters().offloadRefused();
      rests = true;
      restUntilNs = System.nanoTime() + REST_NS;
      return false;
    }
    counters().out(b.segments(), b.length());
    return true;
  }

  @Override
  public void flush() {
    raw.flush();
  }

  @Override
  public PortCounters counters() {
    return raw.counters();
  }

  @Override
  public void close() {
    raw.close();
  }
}
