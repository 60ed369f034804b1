// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static oasis.os.linux.LinuxConstants.AF_PACKET;
import static oasis.os.linux.LinuxConstants.ETH_P_IP;
import static oasis.os.linux.LinuxConstants.ETH_P_IPV6;
import static oasis.os.linux.LinuxConstants.MSG_DONTWAIT;
import static oasis.os.linux.LinuxConstants.PACKET_VNET_HDR;
import static oasis.os.linux.LinuxConstants.SOCK_CLOEXEC;
import static oasis.os.linux.LinuxConstants.SOCK_NONBLOCK;
import static oasis.os.linux.LinuxConstants.SOCK_RAW;
import static oasis.os.linux.LinuxConstants.SOL_PACKET;
import static oasis.os.linux.LinuxConstants.SOL_SOCKET;
import static oasis.os.linux.LinuxConstants.SO_MARK;

import java.nio.ByteBuffer;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.os.linux.Errno;
import oasis.os.linux.Sockets;
import oasis.os.linux.Sys;
import oasis.packet.Burst;
import oasis.packet.Ip;
import oasis.packet.Segmenter;
import oasis.packet.VirtioHeader;

/**
 * A packet socket (packet(7)) that sends bursts out of Ethernet interfaces: one message per burst,
 * an offload header in front, so that a burst goes down the host's stack as one packet and is cut
 * as late as possible, in the device if it can. Payload is not copied: a message is an iovec of
 * headers and one for each piece of payload. One socket serves all interfaces; it receives nothing.
 *
 * <p>What leaves here passes neither the host's nftables output hooks nor its IPsec policies; its
 * queueing disciplines see it.
 *
 * <p>A burst that the kernel refuses is sent again as single packets, and so are others of its kind
 * on that interface for a while. Confined to the data loop.
 */
final class LinuxPacketPort implements AutoCloseable {
  private static final int SEND_BUFFER_BYTES = 8 << 20;

  /** Messages of one flush, and beside them those for a burst that is sent again. */
  private static final int MESSAGES = 256;

  private static final int ALL_MESSAGES = MESSAGES + Segmenter.ROUND;

  /** A single packet takes up to three: link header, headers, payload. */
  private static final int IOVECS = 3 * MESSAGES + Burst.MAX_PIECES;

  private static final int ALL_IOVECS = IOVECS + 3 * Segmenter.ROUND;

  private static final int PREFIX_BYTES = VirtioHeader.BYTES + NextHops.ETHERNET_BYTES;
  private static final int HEAD_BYTES = PREFIX_BYTES + Segmenter.MAX_HEADER_BYTES;
  private static final int ARENA_BYTES = MESSAGES * HEAD_BYTES;

  /** Bursts of one flush: what {@link #FLUSH_BYTES} is reached with, if they are worth it. */
  private static final int BURSTS = 64;

  /** Queued bytes that make a flush worth its call; what they were read into is still cached. */
  private static final int FLUSH_BYTES = 192 * 1024;

  /** How long bursts are sent as single packets after a refusal: a refused call costs little. */
  private static final long REST_NS = 1_000_000_000L;

  private static final int REST_SLOTS = 64;

  /** Bursts refused for want of room, with none taken between, that are held for a refusal. */
  private static final int PATIENCE = 16;

  private static final int SOCKADDR_LL_BYTES = 20;
  private static final int NO_BURST = -1;

  private final int fd;
  private final PortCounters counters;
  private final SendRoom room;
  private final Memory arena = Memory.allocate(ARENA_BYTES + Segmenter.ARENA_BYTES);
  private final ByteBuffer heads = arena.buffer();
  private final Segmenter segmenter = new Segmenter(heads);
  private final NativeMessages messages = new NativeMessages(ALL_MESSAGES, ALL_IOVECS);

  // Of each message.
  private final int[] packets = new int[ALL_MESSAGES];
  private final int[] bytes = new int[ALL_MESSAGES];
  private final int[] prefixAt = new int[MESSAGES];
  private final int[] burstOf = new int[MESSAGES];
  private final int[] restKey = new int[MESSAGES];

  /** Views of the bursts that are queued whole, to cut them when they are refused. */
  private final Burst[] bursts = new Burst[BURSTS];

  /** Which kinds of burst rest, a direct-mapped table; 0 is no key. */
  private final int[] restingKey = new int[REST_SLOTS];

  private final long[] restUntilNs = new long[REST_SLOTS];
  private long nowNs;
  private int shortages;
  private boolean troubled;

  private int count;
  private int iovecs;
  private int arenaEnd;
  private int burstCount;
  private int queuedBytes;

  private LinuxPacketPort(int fd, PortCounters counters) {
    this.fd = fd;
    this.counters = counters;
    room = new SendRoom(fd);
    for (int i = 0; i < BURSTS; i++) {
      bursts[i] = new Burst();
    }
  }

  /**
   * Opens a socket in the network namespace of the calling thread.
   *
   * @param mark firewall mark of what it sends (SO_MARK), 0 for none
   */
  static LinuxPacketPort open(int mark, PortCounters counters) throws OsException {
    // A socket of protocol 0 receives nothing.
    int fd =
        Errno.check(
            Sys.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
            "socket",
            "for sending packets");
    try {
      Sockets.set(fd, SOL_PACKET, PACKET_VNET_HDR, 1, "PACKET_VNET_HDR");
      if (mark != 0) {
        Sockets.set(fd, SOL_SOCKET, SO_MARK, mark, "SO_MARK");
      }
      Sockets.sendBuffer(fd, SEND_BUFFER_BYTES);
    } catch (OsException e) {
      Sys.close(fd);
      throw e;
    }
    return new LinuxPacketPort(fd, counters);
  }

  /**
   * Queues a burst none of whose packets is longer than the path's MTU.
   *
   * @param hop destination whose header is known
   */
  void add(Burst b, NextHops hops, int hop, long nowNs) {
    this.nowNs = nowNs;
    int index = hops.interfaceIndex(hop);
    if (b.segments() == 1) {
      reserve(1, 3, PREFIX_BYTES, 0);
      addWhole(b, hops, hop, NO_BURST);
    } else if (!plain(b) || resting(key(index, b))) {
      addSegments(b, hops, hop);
    } else {
      reserve(1, 1 + b.pieces(), PREFIX_BYTES + b.headerBytes(), 1);
      bursts[burstCount].set(b);
      addWhole(b, hops, hop, burstCount++);
    }
    if (queuedBytes >= FLUSH_BYTES) {
      flush();
    }
  }

  /** IP options and extension headers are rare enough not to try what devices make of them. */
  private static boolean plain(Burst b) {
    return b.transport() - b.start() == (b.version() == 4 ? Ip.V4_BYTES : Ip.V6_BYTES);
  }

  private void reserve(int moreMessages, int moreIovecs, int moreArena, int moreBursts) {
    if (count + moreMessages > MESSAGES
        || iovecs + moreIovecs > IOVECS
        || arenaEnd + moreArena > ARENA_BYTES
        || burstCount + moreBursts > BURSTS) {
      flush();
    }
  }

  private int putPrefix(NextHops hops, int hop, int ipVersion) {
    int at = arenaEnd;
    heads.putLong(at, 0).putShort(at + 8, (short) 0);
    hops.putHeader(hop, heads, at + VirtioHeader.BYTES, ipVersion);
    arenaEnd += PREFIX_BYTES;
    return at;
  }

  /** Queues one message for the whole burst, or for a single packet. */
  private void addWhole(Burst b, NextHops hops, int hop, int burst) {
    int prefix = putPrefix(hops, hop, b.version());
    VirtioHeader.write(heads, prefix, b, NextHops.ETHERNET_BYTES);
    int m = count++;
    int first = iovecs;
    if (burst == NO_BURST) {
      messages.iovec(iovecs++, arena.address() + prefix, PREFIX_BYTES);
      messages.iovec(iovecs++, b.address() + b.start(), b.headerBytes());
    } else {
      // Copied, so that the headers are one piece for the kernel.
      heads.put(arenaEnd, b.buffer(), b.start(), b.headerBytes());
      arenaEnd += b.headerBytes();
      messages.iovec(iovecs++, arena.address() + prefix, PREFIX_BYTES + b.headerBytes());
    }
    for (int i = 0; i < b.pieces(); i++) {
      if (b.pieceBytes(i) > 0) {
        messages.iovec(iovecs++, b.address() + b.pieceStart(i), b.pieceBytes(i));
      }
    }
    messages.iovecs(m, first, iovecs - first);
    packets[m] = b.segments();
    bytes[m] = b.length();
    name(m, hops.interfaceIndex(hop), b.version());
    note(m, prefix, burst, burst == NO_BURST ? 0 : key(hops.interfaceIndex(hop), b));
    queuedBytes += b.length();
  }

  private void addSegments(Burst b, NextHops hops, int hop) {
    int segments = b.segments();
    for (int first = 0; first < segments; ) {
      int round = Math.min(segments - first, Segmenter.ROUND);
      reserve(round, 3 * round, PREFIX_BYTES + round * b.headerBytes(), 0);
      int prefix = putPrefix(hops, hop, b.version());
      int n = cut(b, first, prefix, arenaEnd, count, iovecs);
      for (int m = count; m < count + n; m++) {
        name(m, hops.interfaceIndex(hop), b.version());
        note(m, prefix, NO_BURST, 0);
        queuedBytes += bytes[m];
      }
      arenaEnd += n * b.headerBytes();
      count += n;
      iovecs += 3 * n;
      first += n;
    }
  }

  /** Makes messages of packets from {@code first} on, as many as one round gives; not the names. */
  private int cut(Burst b, int first, int prefix, int arenaAt, int message, int iovec) {
    int n = segmenter.segment(b, first, arenaAt);
    int headerBytes = segmenter.headerBytes();
    for (int i = 0; i < n; i++) {
      int v = iovec + 3 * i;
      int payloadBytes = segmenter.payloadBytes(i);
      messages.iovec(v, arena.address() + prefix, PREFIX_BYTES);
      messages.iovec(v + 1, arena.address() + segmenter.headerStart(i), headerBytes);
      messages.iovec(v + 2, b.address() + segmenter.payloadStart(i), payloadBytes);
      messages.iovecs(message + i, v, payloadBytes > 0 ? 3 : 2);
      packets[message + i] = 1;
      bytes[message + i] = headerBytes + payloadBytes;
    }
    return n;
  }

  private void note(int m, int prefix, int burst, int key) {
    prefixAt[m] = prefix;
    burstOf[m] = burst;
    restKey[m] = key;
  }

  /**
   * Addresses message {@code m} to an interface.
   *
   * <pre>sockaddr_ll: 0 family | 2 protocol (network order) | 4 ifindex | … | (20)</pre>
   */
  private void name(int m, int interfaceIndex, int ipVersion) {
    ByteBuffer b = messages.names();
    int at = messages.nameAt(m);
    b.putShort(at, Short.reverseBytes((short) AF_PACKET));
    b.putShort(at + 2, (short) (ipVersion == 4 ? ETH_P_IP : ETH_P_IPV6));
    b.putInt(at + 4, Integer.reverseBytes(interfaceIndex));
    b.putLong(at + 8, 0).putInt(at + 16, 0);
    messages.name(m, SOCKADDR_LL_BYTES);
  }

  /** Interface and kind of burst: what a refusal is remembered for. Never 0. */
  private static int key(int interfaceIndex, Burst b) {
    return interfaceIndex << 2 | (b.protocol() == Ip.UDP ? 2 : 0) | (b.version() == 6 ? 1 : 0);
  }

  private boolean resting(int key) {
    int slot = key & REST_SLOTS - 1;
    return restingKey[slot] == key && nowNs - restUntilNs[slot] < 0;
  }

  private void rest(int key) {
    int slot = key & REST_SLOTS - 1;
    restingKey[slot] = key;
    restUntilNs[slot] = nowNs + REST_NS;
  }

  /** Sends what is queued. */
  void flush() {
    boolean mayWait = true;
    for (int m = 0; m < count; ) {
      int sent = Sys.sendmmsg(fd, messages.address(m), count - m, MSG_DONTWAIT);
      if (sent > 0) {
        for (int i = m; i < m + sent; i++) {
          counters.out(packets[i], bytes[i]);
          if (burstOf[i] != NO_BURST) {
            shortages = 0;
          }
        }
        m += sent;
      } else if (sent == -Errno.EAGAIN && mayWait && room.await()) {
        mayWait = false;
      } else if (sent != -Errno.EINTR) {
        refused(m++, -sent);
      }
    }
    count = 0;
    iovecs = 0;
    arenaEnd = 0;
    burstCount = 0;
    queuedBytes = 0;
  }

  private void refused(int m, int errno) {
    if (burstOf[m] != NO_BURST && mayBeOffload(errno)) {
      if (sendSegments(m)) {
        counters.offloadRefused();
        rest(restKey[m]);
        shortages = 0;
      }
      return;
    }
    counters.drop(SendQueue.reason(errno), packets[m]);
    troubled |= !isShortage(errno);
  }

  /** True when single packets may pass where a burst did not. */
  private boolean mayBeOffload(int errno) {
    if (errno == Errno.ENOBUFS) {
      // A full queue of the interface says this, too: then more packets would do harm.
      return ++shortages >= PATIENCE;
    }
    return errno != Errno.EAGAIN
        && errno != Errno.ENETDOWN
        && errno != Errno.ENXIO
        && errno != Errno.ENODEV;
  }

  private static boolean isShortage(int errno) {
    return errno == Errno.EAGAIN || errno == Errno.ENOBUFS || errno == Errno.ENOMEM;
  }

  /** Sends a refused burst as single packets; true when at least one was taken. */
  private boolean sendSegments(int m) {
    Burst b = bursts[burstOf[m]];
    int prefix = prefixAt[m];
    heads.putLong(prefix, 0).putShort(prefix + 8, (short) 0);
    boolean taken = false;
    int segments = b.segments();
    for (int first = 0; first < segments; ) {
      int n = cut(b, first, prefix, ARENA_BYTES, MESSAGES, IOVECS);
      for (int i = MESSAGES; i < MESSAGES + n; i++) {
        messages.nameOf(i, m);
        int sent = Sys.sendmmsg(fd, messages.address(i), 1, MSG_DONTWAIT);
        if (sent > 0) {
          counters.out(1, bytes[i]);
          taken = true;
        } else {
          counters.drop(SendQueue.reason(-sent), 1);
          troubled |= !isShortage(-sent);
        }
      }
      first += n;
    }
    return taken;
  }

  /** True once after packets were refused for another reason than a full queue. */
  boolean takeTrouble() {
    boolean trouble = troubled;
    troubled = false;
    return trouble;
  }

  @Override
  public void close() {
    Sys.close(fd);
  }
}
