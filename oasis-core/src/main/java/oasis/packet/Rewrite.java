// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * Changes addresses, ports and the MSS option of a checked burst in place and keeps its checksums
 * as right as they were: complete ones are updated incrementally, so that a wrong checksum stays
 * wrong; partial ones get the new pseudo-header sum. A UDP checksum of 0 stays 0. A later fragment
 * has no ports: only its IP header changes. For ICMP echo the identifier is the port; other ICMP
 * and other protocols have none.
 */
public final class Rewrite {
  /** Both bits of the ECN field, at the low end of type of service or traffic class. */
  private static final int CONGESTION = 3;

  private Rewrite() {}

  /**
   * Sets source address and source port.
   *
   * @param hi high half of an address of the burst's family
   * @param lo low half, IPv4-mapped for IPv4
   * @param port source port, or echo identifier
   */
  public static void source(Burst b, long hi, long lo, int port) {
    set(b, b.start + (b.version == 4 ? 12 : 8), 0, hi, lo, port);
  }

  /** Sets destination address and destination port; see {@link #source}. */
  public static void destination(Burst b, long hi, long lo, int port) {
    set(b, b.start + (b.version == 4 ? 16 : 24), 2, hi, lo, port);
  }

  /** Takes one from the time to live or hop limit, which must not be 0, as each router does. */
  public static void lowerTtl(Burst b) {
    ByteBuffer m = b.buffer;
    if (b.version == 4) {
      int word = m.getShort(b.start + 8) & 0xffff;
      Edit.adjust(m, b.start + 10, Edit.put16(m, b.start + 8, word - 0x100));
    } else {
      m.put(b.start + 7, (byte) (m.get(b.start + 7) - 1));
    }
  }

  /** Whether the ends of a burst understand congestion marks: ECT(0), ECT(1) or CE (RFC 3168). */
  public static boolean understandsMarks(Burst b) {
    return (Ip.tos(b.buffer, b.start) & CONGESTION) != 0;
  }

  /** Marks a burst as having met congestion: CE (RFC 3168 section 5). */
  public static void markCongestion(Burst b) {
    ByteBuffer m = b.buffer;
    if (b.version == 4) {
      int word = m.getShort(b.start) | CONGESTION;
      Edit.adjust(m, b.start + 10, Edit.put16(m, b.start, word & 0xffff));
    } else {
      m.put(b.start + 1, (byte) (m.get(b.start + 1) | CONGESTION << 4));
    }
  }

  /**
   * Sets the identification by which the fragments of a datagram find together: that of the IPv4
   * header, or of the IPv6 fragment header, which the burst must have.
   *
   * @param id 16 bits for IPv4, 32 bits for IPv6
   */
  public static void identification(Burst b, int id) {
    ByteBuffer m = b.buffer;
    if (b.version == 4) {
      Edit.adjust(m, b.start + 10, Edit.put16(m, b.start + 4, id));
    } else {
      m.putInt(Extensions.fragmentAt(m, b.start) + 4, id);
    }
  }

  private static void set(Burst b, int addressAt, int portOffset, long hi, long lo, int port) {
    ByteBuffer m = b.buffer;
    long addressDelta = Edit.putAddress(m, b.version, addressAt, hi, lo);
    if (b.version == 4) {
      Edit.adjust(m, b.start + 10, addressDelta);
    }
    if (b.laterFragment) {
      return;
    }
    int portAt = portAt(m, b.protocol, b.transport, portOffset);
    long portDelta = portAt < 0 ? 0 : Edit.put16(m, portAt, port);
    if (b.partialChecksum) {
      Transport.putPartialChecksum(b);
    } else {
      adjustTransport(m, b.protocol, b.transport, addressDelta, portDelta);
    }
  }

  /**
   * Index of a port or echo identifier, or -1; {@code offset} is 0 for source, 2 for destination.
   */
  static int portAt(ByteBuffer m, int protocol, int transport, int offset) {
    if (protocol == Ip.TCP || protocol == Ip.UDP) {
      return transport + offset;
    }
    boolean icmp = protocol == Ip.ICMP || protocol == Ip.ICMP6;
    return icmp && Icmp.isEcho(protocol, Icmp.type(m, transport)) ? transport + 4 : -1;
  }

  /** Lets a complete transport checksum follow; returns the delta of its own word. */
  static long adjustTransport(
      ByteBuffer m, int protocol, int transport, long addressDelta, long portDelta) {
    return switch (protocol) {
      case Ip.TCP -> Edit.adjust(m, transport + Tcp.CHECKSUM, addressDelta + portDelta);
      case Ip.UDP -> Edit.adjustUdp(m, transport + Udp.CHECKSUM, addressDelta + portDelta);
      // ICMP for IPv4 has no pseudo-header.
      case Ip.ICMP -> Edit.adjust(m, transport + Icmp.CHECKSUM, portDelta);
      case Ip.ICMP6 -> Edit.adjust(m, transport + Icmp.CHECKSUM, addressDelta + portDelta);
      default -> 0;
    };
  }

  /** Lowers the MSS option of a SYN or SYN-ACK to at most {@code maxMss}; else does nothing. */
  public static void clampMss(Burst b, int maxMss) {
    if (b.protocol != Ip.TCP
        || b.laterFragment
        || (Tcp.flags(b.buffer, b.transport) & Tcp.SYN) == 0) {
      return;
    }
    ByteBuffer m = b.buffer;
    int at = b.transport + Tcp.BYTES;
    while (at < b.payload) {
      int kind = m.get(at) & 0xff;
      if (kind == Tcp.OPTION_NOP) {
        at++;
        continue;
      }
      if (kind == Tcp.OPTION_END || at + 2 > b.payload) {
        return;
      }
      int bytes = m.get(at + 1) & 0xff;
      if (bytes < 2 || at + bytes > b.payload) {
        return;
      }
      if (kind == Tcp.OPTION_MSS && bytes == 4) {
        lowerMss(b, at + 2, maxMss);
      }
      at += bytes;
    }
  }

  private static void lowerMss(Burst b, int at, int maxMss) {
    int old = b.buffer.getShort(at) & 0xffff;
    if (old <= maxMss) {
      return;
    }
    b.buffer.putShort(at, (short) maxMss);
    // A partial checksum does not cover options yet.
    if (!b.partialChecksum) {
      // At an odd offset its bytes count in two words, each on the other side: as if swapped.
      boolean odd = (at - b.transport & 1) != 0;
      long delta = odd ? Edit.delta16(swap(old), swap(maxMss)) : Edit.delta16(old, maxMss);
      Edit.adjust(b.buffer, b.transport + Tcp.CHECKSUM, delta);
    }
  }

  private static int swap(int word) {
    return word >>> 8 | (word & 0xff) << 8;
  }
}
