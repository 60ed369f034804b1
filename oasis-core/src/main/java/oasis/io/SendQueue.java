// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static oasis.os.linux.LinuxConstants.MSG_DONTWAIT;
import static oasis.os.linux.LinuxConstants.SOL_UDP;
import static oasis.os.linux.LinuxConstants.UDP_SEGMENT;

import oasis.os.Memory;
import oasis.os.linux.Errno;
import oasis.os.linux.Sockets;
import oasis.os.linux.Sys;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.Sealer;
import oasis.packet.Segmenter;
import oasis.packet.Trailer;
import org.jspecify.annotations.Nullable;

/**
 * Packets on their way into a socket. Bursts are segmented here; payload is not copied, each packet
 * is an iovec for its headers, one for its payload, and one for its trailer if it is sealed.
 * Consecutive packets to one endpoint become one message while their size stays the same ({@code
 * UDP_SEGMENT}; a shorter one ends the message), and all messages leave by one {@code sendmmsg}.
 *
 * <p>A message whose segmentation the kernel refuses is sent packet by packet, and merging rests
 * for a while for its destination ({@link RefusedDestinations}).
 */
final class SendQueue {
  /** Most packets of one message: UDP_MAX_SEGMENTS of Linux before 6.9. */
  private static final int MERGE_PKTS = 64;

  /** Most bytes of one message; an IPv4 datagram holds 65,507. */
  private static final int MERGE_BYTES = 65_000;

  /** Packets, and so messages, of one flush. */
  private static final int CAPACITY = 256;

  /** Queued bytes that make a flush worth its call; what they were read into is still cached. */
  private static final int FLUSH_BYTES = 192 * 1024;

  private final int fd;
  private final int family;
  private final PortCounters counters;
  private final Memory arena = Memory.allocate(CAPACITY * Segmenter.MAX_HEADER_BYTES);
  private final Segmenter segmenter = new Segmenter(arena.buffer());
  // One message more than the capacity, for packets that leave one by one; the last trailer and
  // iovec are for a datagram without a packet.
  private final Memory trailers = Memory.allocate((CAPACITY + 1) * Trailer.BYTES);
  private final NativeMessages messages = new NativeMessages(CAPACITY + 1, 3 * CAPACITY + 1);
  private final SendRoom room;

  private final int[] firstIovec = new int[CAPACITY + 1]; // of each packet
  private final int[] firstPacket = new int[CAPACITY + 1]; // of each message
  private final int[] messageBytes = new int[CAPACITY];
  private final long[] messageHi = new long[CAPACITY];
  private final long[] messageLo = new long[CAPACITY];

  private final boolean canMerge;
  private final RefusedDestinations refused = new RefusedDestinations();
  private @Nullable Sealer sealer;
  private int arenaEnd;
  private int iovecs;
  private int packets;
  private int count; // messages, the open one included
  private int queuedBytes;
  private boolean open;
  private boolean openMerges;
  private int openPacketBytes;
  private long openHi;
  private long openLo;
  private int openPort;
  private int socketError;
  private boolean mayWait;

  /**
   * Makes a queue.
   *
   * @param family address family of the socket
   * @param merge whether the socket knows UDP_SEGMENT
   */
  SendQueue(int fd, int family, boolean merge, PortCounters counters) {
    this.fd = fd;
    this.family = family;
    this.canMerge = merge;
    this.counters = counters;
    room = new SendRoom(fd);
  }

  /** Seals what is added from now on; null for nothing. */
  void sealWith(@Nullable Sealer with) {
    sealer = with;
  }

  /**
   * Queues a burst.
   *
   * @param port destination port, or -1 for the connected peer
   */
  void add(Burst b, long hi, long lo, int port) {
    // The headers of a fragment are copied: its cutter writes the next one's in their place.
    if (b.segments() == 1 && !b.partialChecksum() && contiguous(b) && !b.fragment()) {
      if (packets == CAPACITY) {
        flush();
      }
      Sealer with = sealer;
      if (with != null) {
        int at = packets * Trailer.BYTES;
        with.seal(b.buffer(), b.start(), b.length(), b.buffer(), 0, 0, trailers.buffer(), at);
      }
      append(b.address() + b.start(), b.length(), 0, 0, hi, lo, port);
    } else {
      addSegments(b, hi, lo, port);
    }
    if (queuedBytes >= FLUSH_BYTES) {
      flush();
    }
  }

  private static boolean contiguous(Burst b) {
    return b.pieces() == 1 && b.pieceStart(0) == b.start() + b.headerBytes();
  }

  private void addSegments(Burst b, long hi, long lo, int port) {
    int segments = b.segments();
    Sealer with = sealer;
    for (int first = 0; first < segments; ) {
      if (packets + Segmenter.ROUND > CAPACITY) {
        flush();
      }
      int n = segmenter.segment(b, first, arenaEnd);
      int headerBytes = segmenter.headerBytes();
      for (int i = 0; i < n; i++) {
        if (with != null) {
          with.seal(
              arena.buffer(),
              segmenter.headerStart(i),
              headerBytes,
              b.buffer(),
              segmenter.payloadStart(i),
              segmenter.payloadBytes(i),
              trailers.buffer(),
              packets * Trailer.BYTES);
        }
        append(
            arena.address() + segmenter.headerStart(i),
            headerBytes,
            b.address() + segmenter.payloadStart(i),
            segmenter.payloadBytes(i),
            hi,
            lo,
            port);
      }
      arenaEnd += n * headerBytes;
      first += n;
    }
  }

  private void append(
      long head, int headBytes, long tail, int tailBytes, long hi, long lo, int port) {
    int trailer = sealer == null ? 0 : Trailer.BYTES;
    int bytes = headBytes + tailBytes + trailer;
    if (!open || !fits(bytes) || lo != openLo || port != openPort || hi != openHi) {
      begin(bytes, hi, lo, port);
    }
    firstIovec[packets] = iovecs;
    messages.iovec(iovecs++, head, headBytes);
    if (tailBytes > 0) {
      messages.iovec(iovecs++, tail, tailBytes);
    }
    if (trailer > 0) {
      messages.iovec(iovecs++, trailers.address() + (long) packets * Trailer.BYTES, trailer);
    }
    packets++;
    messageBytes[count - 1] += bytes;
    queuedBytes += bytes;
    if (bytes < openPacketBytes) {
      end();
    }
  }

  private boolean fits(int bytes) {
    return openMerges
        && bytes <= openPacketBytes
        && packets - firstPacket[count - 1] < MERGE_PKTS
        && messageBytes[count - 1] + bytes <= MERGE_BYTES;
  }

  private void begin(int bytes, long hi, long lo, int port) {
    end();
    int m = count++;
    firstPacket[m] = packets;
    messageBytes[m] = 0;
    messageHi[m] = hi;
    messageLo[m] = lo;
    messages.name(
        m,
        port < 0
            ? 0
            : Sockets.putAddress(messages.names(), messages.nameAt(m), family, hi, lo, port));
    open = true;
    openMerges = canMerge && !refused.rests(hi, lo);
    openPacketBytes = bytes;
    openHi = hi;
    openLo = lo;
    openPort = port;
  }

  /** Completes the open message. */
  private void end() {
    if (!open) {
      return;
    }
    open = false;
    int m = count - 1;
    int first = firstIovec[firstPacket[m]];
    messages.iovecs(m, first, iovecs - first);
    if (packets - firstPacket[m] > 1) {
      messages.control(m, SOL_UDP, UDP_SEGMENT, openPacketBytes);
    } else {
      messages.noControl(m);
    }
  }

  /** Sends what is queued. */
  void flush() {
    end();
    firstPacket[count] = packets;
    firstIovec[packets] = iovecs;
    mayWait = true;
    for (int m = 0; m < count; ) {
      int sent = Sys.sendmmsg(fd, messages.address(m), count - m, MSG_DONTWAIT);
      if (sent > 0) {
        for (int i = m; i < m + sent; i++) {
          counters.out(packetsOf(i), messageBytes[i]);
        }
        m += sent;
      } else if (!mayRetry(-sent)) {
        refused(m++, -sent);
      }
    }
    arenaEnd = 0;
    iovecs = 0;
    packets = 0;
    count = 0;
    queuedBytes = 0;
  }

  private int packetsOf(int message) {
    return firstPacket[message + 1] - firstPacket[message];
  }

  /** True when the same message may pass at a second try. Waits at most once a flush. */
  private boolean mayRetry(int errno) {
    if (errno == Errno.EINTR) {
      return true;
    }
    boolean first = mayWait;
    mayWait = false;
    if (errno == Errno.ECONNREFUSED && first) {
      // The answer to an earlier message; this one has not been looked at.
      socketError = errno;
      return true;
    }
    return errno == Errno.EAGAIN && first && room.await();
  }

  /** Goes on behind a message that the kernel did not take, and nothing of it. */
  private void refused(int m, int errno) {
    int pkts = packetsOf(m);
    boolean segmentation = errno == Errno.EIO || errno == Errno.EINVAL || errno == Errno.EMSGSIZE;
    if (pkts == 1 || !segmentation) {
      counters.drop(reason(errno), pkts);
      return;
    }
    boolean oneSent = false;
    for (int p = firstPacket[m]; p < firstPacket[m + 1]; p++) {
      messages.nameOf(CAPACITY, m);
      messages.iovecs(CAPACITY, firstIovec[p], firstIovec[p + 1] - firstIovec[p]);
      oneSent |= sendSpare() == 0;
    }
    if (oneSent) {
      counters.offloadRefused();
      refused.refuse(messageHi[m], messageLo[m]);
    }
  }

  /** Sends the spare message, one packet; 0 when the kernel took it, else -errno. */
  private int sendSpare() {
    messages.noControl(CAPACITY);
    long sent = Sys.sendmsg(fd, messages.address(CAPACITY), MSG_DONTWAIT);
    while (sent < 0 && mayRetry((int) -sent)) {
      sent = Sys.sendmsg(fd, messages.address(CAPACITY), MSG_DONTWAIT);
    }
    if (sent < 0) {
      counters.drop(reason((int) -sent), 1);
      return (int) sent;
    }
    counters.out(1, sent);
    return 0;
  }

  /** What to count a packet under that the kernel did not take. */
  static DropReason reason(int errno) {
    return switch (errno) {
      case Errno.EAGAIN, Errno.ENOBUFS, Errno.ENOMEM -> DropReason.SEND_QUEUE_FULL;
      case Errno.EMSGSIZE -> DropReason.TOO_BIG;
      default -> DropReason.SEND_REFUSED;
    };
  }

  /** Sends a datagram without a packet now, behind what is queued; 0, or -errno. */
  int sendEmpty(long hi, long lo, int port) {
    flush();
    messages.name(
        CAPACITY,
        port < 0
            ? 0
            : Sockets.putAddress(
                messages.names(), messages.nameAt(CAPACITY), family, hi, lo, port));
    messages.iovecs(CAPACITY, 3 * CAPACITY, sealer == null ? 0 : 1);
    if (sealer != null) {
      int at = CAPACITY * Trailer.BYTES;
      sealer.seal(trailers.buffer(), at);
      messages.iovec(3 * CAPACITY, trailers.address() + at, Trailer.BYTES);
    }
    mayWait = true;
    return sendSpare();
  }

  /** The error of the socket that sending ran into and receiving has not reported yet, or 0. */
  int takeSocketError() {
    int error = socketError;
    socketError = 0;
    return error;
  }
}
