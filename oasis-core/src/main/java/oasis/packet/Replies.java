// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * Packets that we author as an answer to one that cannot be carried, complete with checksums. Each
 * method writes the packet and returns its length, or 0 when no answer may be sent: never about an
 * ICMP error, a later fragment, or a packet to a multicast or broadcast address (RFC 1122 section
 * 3.2.2, RFC 4443 section 2.4), nor a reset about a reset (RFC 9293 section 3.10.7.1).
 */
public final class Replies {
  /** Most bytes that an answer has. */
  public static final int MAX_BYTES = 1280;

  /** RFC 1812 section 4.3.2.3: as much of the packet as fits into 576 bytes. */
  private static final int QUOTE4 = 576 - Ip.V4_BYTES - Icmp.BYTES;

  /** RFC 4443 section 3.1: as much of the packet as fits into the least IPv6 MTU. */
  private static final int QUOTE6 = MAX_BYTES - Ip.V6_BYTES - Icmp.BYTES;

  /** Why a destination is unreachable, with the code of each family. */
  public enum Unreachable {
    /** No route to the network. */
    NETWORK(0, 0),
    /** The host cannot be reached. */
    HOST(1, 3),
    /** Nobody listens on the port. */
    PORT(3, 4),
    /** Closed by an administrator's decision. */
    PROHIBITED(13, 1);

    final int code4;
    final int code6;

    Unreachable(int code4, int code6) {
      this.code4 = code4;
      this.code6 = code6;
    }
  }

  private Replies() {}

  /**
   * A reset that looks as if the other end had sent it, for the sender of {@code about}. If that
   * has an ACK, the reset's sequence number is its acknowledgment number, so that the sender takes
   * it for its flow; else the reset acknowledges the segment.
   *
   * @return 40 or 60, or 0 when {@code about} is not TCP, is itself a reset, or is a fragment
   */
  public static int tcpReset(Burst about, ByteBuffer out, int at) {
    ByteBuffer m = about.buffer;
    int tcp = about.transport;
    if (about.protocol != Ip.TCP || about.fragment || !mayAnswer(about)) {
      return 0;
    }
    int flags = Tcp.flags(m, tcp);
    if ((flags & Tcp.RST) != 0) {
      return 0;
    }
    IpFrame.write(out, at, about.version, Ip.TCP, Tcp.BYTES);
    IpFrame.putSource(out, at, Ip.dstHi(m, about.start), Ip.dstLo(m, about.start));
    IpFrame.putDestination(out, at, Ip.srcHi(m, about.start), Ip.srcLo(m, about.start));
    int ports = Tcp.dstPort(m, tcp) << 16 | Tcp.srcPort(m, tcp);
    if ((flags & Tcp.ACK) != 0) {
      return writeReset(out, at, ports, Tcp.ack(m, tcp), 0, Tcp.RST);
    }
    int length = about.payloadBytes + (flags & Tcp.FIN) + ((flags & Tcp.SYN) >>> 1);
    return writeReset(out, at, ports, 0, Tcp.seq(m, tcp) + length, Tcp.RST | Tcp.ACK);
  }

  /**
   * A reset of a flow of which no packet is at hand.
   *
   * @param from the 5-tuple in the direction in which the reset goes
   * @param seq sequence number: the last acknowledgment number that the receiver sent
   * @param ack acknowledgment number: the next sequence number that the receiver would send, or 0
   *     when it is not known, in which case the reset has no ACK
   */
  public static int tcpReset(FlowKey from, int seq, int ack, ByteBuffer out, int at) {
    int version = Addresses.isV4(from.srcHi, from.srcLo) ? 4 : 6;
    IpFrame.write(out, at, version, Ip.TCP, Tcp.BYTES);
    IpFrame.putSource(out, at, from.srcHi, from.srcLo);
    IpFrame.putDestination(out, at, from.dstHi, from.dstLo);
    return writeReset(out, at, (int) from.ports, seq, ack, ack == 0 ? Tcp.RST : Tcp.RST | Tcp.ACK);
  }

  private static int writeReset(ByteBuffer out, int at, int ports, int seq, int ack, int flags) {
    IpFrame.seal(out, at);
    int tcp = at + IpFrame.bytes(Ip.version(out, at));
    out.putInt(tcp, ports);
    out.putInt(tcp + 4, seq);
    out.putInt(tcp + 8, ack);
    out.putInt(tcp + 12, (Tcp.BYTES / 4) << 28 | flags << 16);
    out.putInt(tcp + 16, 0);
    long sum = Checksum.pseudo(out, at, Ip.TCP, Tcp.BYTES);
    Transport.putChecksum(out, tcp, Ip.TCP, Checksum.sum(out, tcp, Tcp.BYTES, sum));
    return tcp + Tcp.BYTES - at;
  }

  /**
   * "Destination unreachable" to the sender of {@code about}.
   *
   * @param fromHi high half of the address that the answer comes from, of the same family
   * @param fromLo low half
   */
  public static int unreachable(
      Burst about, Unreachable why, long fromHi, long fromLo, ByteBuffer out, int at) {
    int head =
        about.version == 4
            ? Icmp.UNREACHABLE << 8 | why.code4
            : Icmp.V6_UNREACHABLE << 8 | why.code6;
    return writeError(about, head, 0, fromHi, fromLo, out, at);
  }

  /**
   * "Fragmentation needed" (RFC 1191) or "packet too big" (RFC 4443 section 3.2). An IPv4 sender
   * that did not set "don't fragment" is told as well: it then fragments by itself.
   *
   * @param mtu bytes of the largest IP packet that would have passed, up to 65,535
   */
  public static int tooBig(Burst about, int mtu, long fromHi, long fromLo, ByteBuffer out, int at) {
    int head =
        about.version == 4
            ? Icmp.UNREACHABLE << 8 | Icmp.FRAGMENTATION_NEEDED
            : Icmp.V6_TOO_BIG << 8;
    return writeError(about, head, mtu, fromHi, fromLo, out, at);
  }

  /** "Time exceeded in transit" (RFC 792, RFC 4443 section 3.3), when the hop limit is used up. */
  public static int timeExceeded(Burst about, long fromHi, long fromLo, ByteBuffer out, int at) {
    int head = (about.version == 4 ? Icmp.TIME_EXCEEDED : Icmp.V6_TIME_EXCEEDED) << 8;
    return writeError(about, head, 0, fromHi, fromLo, out, at);
  }

  private static int writeError(
      Burst about, int head, int rest, long fromHi, long fromLo, ByteBuffer out, int at) {
    if (!mayAnswer(about)) {
      return 0;
    }
    int icmp = at + IpFrame.bytes(about.version);
    int bytes = Icmp.BYTES + quote(about, out, icmp + Icmp.BYTES);
    int protocol = about.version == 4 ? Ip.ICMP : Ip.ICMP6;
    IpFrame.write(out, at, about.version, protocol, bytes);
    IpFrame.putSource(out, at, fromHi, fromLo);
    int sender = about.start;
    IpFrame.putDestination(out, at, Ip.srcHi(about.buffer, sender), Ip.srcLo(about.buffer, sender));
    IpFrame.seal(out, at);
    out.putInt(icmp, head << 16);
    out.putInt(icmp + 4, rest);
    long pseudo = about.version == 4 ? 0 : Checksum.pseudo(out, at, protocol, bytes);
    Transport.putChecksum(out, icmp, protocol, Checksum.sum(out, icmp, bytes, pseudo));
    return icmp + bytes - at;
  }

  /** Copies what an error quotes; of a burst its first segment, with the length that it has. */
  private static int quote(Burst about, ByteBuffer out, int at) {
    int limit = about.version == 4 ? QUOTE4 : QUOTE6;
    int header = about.headerBytes();
    int payload = about.segmentBytes == 0 ? about.payloadBytes : about.segmentBytes;
    int quotedHeader = Math.min(header, limit);
    int quotedPayload = Math.min(payload, limit - quotedHeader);
    out.put(at, about.buffer, about.start, quotedHeader);
    out.put(at + quotedHeader, about.buffer, about.pieceStart[0], quotedPayload);
    if (about.segmentBytes > 0) {
      if (about.version == 4) {
        Edit.adjust(out, at + 10, Edit.put16(out, at + 2, header + payload));
      } else {
        out.putShort(at + 4, (short) (header + payload - Ip.V6_BYTES));
      }
      if (about.protocol == Ip.UDP) {
        out.putShort(at + about.transport - about.start + 4, (short) (Udp.BYTES + payload));
      }
    }
    return quotedHeader + quotedPayload;
  }

  private static boolean mayAnswer(Burst about) {
    long dstHi = Ip.dstHi(about.buffer, about.start);
    long dstLo = Ip.dstLo(about.buffer, about.start);
    return !about.laterFragment
        && !Icmp.isError(about)
        && !Addresses.isMulticast(dstHi, dstLo)
        && !Addresses.isBroadcast(dstHi, dstLo);
  }
}
