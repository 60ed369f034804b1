// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * When one packet may be merged behind another: the conditions of the kernel's own GRO, so that the
 * burst, segmented again, gives the same packets.
 */
final class Merge {
  /** Flags that say something about the end of the data: they end a burst. */
  private static final int END_FLAGS = Tcp.PSH | Tcp.FIN;

  private Merge() {}

  /** True when a checked packet may be the first of a burst. */
  static boolean mayBegin(Burst b, boolean mergeUdp) {
    if (b.fragment || b.payloadBytes == 0) {
      return false;
    }
    if (b.protocol == Ip.TCP) {
      // With PSH or FIN it is the last of its burst at once.
      return (Tcp.flags(b.buffer, b.transport) & ~Tcp.ECE) == Tcp.ACK;
    }
    return mergeUdp && b.protocol == Ip.UDP && Udp.checksum(b.buffer, b.transport) != 0;
  }

  /** Flags of a packet that make it the last of its burst; 0 when more may follow. */
  static int endFlags(Burst b) {
    return b.protocol == Ip.TCP ? Tcp.flags(b.buffer, b.transport) & END_FLAGS : 0;
  }

  /**
   * True when {@code c} continues the burst that begins with {@code b}.
   *
   * @param previous index of the IP header of the last packet merged so far
   * @param bytes payload merged so far
   */
  static boolean follows(Burst b, int previous, int bytes, Burst c) {
    return c.version == b.version
        && c.protocol == b.protocol
        && !c.fragment
        && c.payloadBytes > 0
        && c.headerBytes() == b.headerBytes()
        && c.transport - c.start == b.transport - b.start
        && (b.version == 4 ? ip4Follows(b, previous, c) : ip6Follows(b, c))
        && (b.protocol == Ip.TCP ? tcpFollows(b, bytes, c) : udpFollows(b, c));
  }

  private static boolean ip4Follows(Burst b, int previous, Burst c) {
    ByteBuffer m = b.buffer;
    int p = b.start;
    int q = c.start;
    // Version, header length, TOS; flags and offset; TTL and protocol; addresses and options.
    boolean same =
        m.getShort(p) == m.getShort(q)
            && m.getShort(p + 6) == m.getShort(q + 6)
            && m.getShort(p + 8) == m.getShort(q + 8)
            && same(m, p + 12, q + 12, b.transport - p - 12);
    if (!same) {
      return false;
    }
    int step = Ip.id4(m, q) - Ip.id4(m, previous) & 0xffff;
    int firstStep = previous == p ? step : Ip.id4(m, b.start) == Ip.id4(m, previous) ? 0 : 1;
    return step == firstStep && (step == 1 || (step == 0 && Ip.dontFragment4(m, q)));
  }

  private static boolean ip6Follows(Burst b, Burst c) {
    ByteBuffer m = b.buffer;
    int p = b.start;
    int q = c.start;
    // Version, class and label; next header and hop limit; addresses and extension headers.
    return m.getInt(p) == m.getInt(q)
        && m.getShort(p + 6) == m.getShort(q + 6)
        && same(m, p + 8, q + 8, b.transport - p - 8);
  }

  private static boolean tcpFollows(Burst b, int bytes, Burst c) {
    ByteBuffer m = b.buffer;
    int p = b.transport;
    int q = c.transport;
    // Ports; sequence; acknowledgment; length, flags, window; urgent pointer; options.
    return m.getInt(p) == m.getInt(q)
        && Tcp.seq(m, q) == Tcp.seq(m, p) + bytes
        && Tcp.ack(m, p) == Tcp.ack(m, q)
        && m.get(p + 12) == m.get(q + 12)
        && (Tcp.flags(m, q) & ~END_FLAGS) == Tcp.flags(m, p)
        && m.getShort(p + 14) == m.getShort(q + 14)
        && m.getShort(p + 18) == m.getShort(q + 18)
        && same(m, p + Tcp.BYTES, q + Tcp.BYTES, b.payload - p - Tcp.BYTES);
  }

  private static boolean udpFollows(Burst b, Burst c) {
    return b.buffer.getInt(b.transport) == b.buffer.getInt(c.transport)
        && Udp.checksum(b.buffer, c.transport) != 0;
  }

  /** Compares runs of a length that is a multiple of four. */
  private static boolean same(ByteBuffer m, int p, int q, int bytes) {
    for (int i = 0; i < bytes; i += 4) {
      if (m.getInt(p + i) != m.getInt(q + i)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Makes the first packet's headers those of the whole burst.
   *
   * @param endFlags flags of the last packet that the first has not
   */
  static void writeHeaders(Burst b, int endFlags) {
    ByteBuffer m = b.buffer;
    int total = b.length();
    if (b.version == 4) {
      Edit.adjust(m, b.start + 10, Edit.put16(m, b.start + 2, total));
    } else {
      m.putShort(b.start + 4, (short) (total - Ip.V6_BYTES));
    }
    if (b.protocol == Ip.UDP) {
      m.putShort(b.transport + 4, (short) Transport.bytes(b));
    } else {
      m.put(b.transport + 13, (byte) (Tcp.flags(m, b.transport) | endFlags));
    }
    Transport.putPartialChecksum(b);
  }
}
