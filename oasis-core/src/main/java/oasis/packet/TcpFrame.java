// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/** Writes the headers of a TCP segment that we author in front of a payload that is there. */
public final class TcpFrame {
  private static final int NOP_NOP = Tcp.OPTION_NOP << 24 | Tcp.OPTION_NOP << 16;

  private TcpFrame() {}

  /** Bytes of IP and TCP header in front of the payload, for the key's address family. */
  public static int headerBytes(FlowKey key) {
    return IpFrame.bytes(version(key)) + Tcp.BYTES;
  }

  /**
   * Writes IP and TCP header without options, complete with checksums.
   *
   * @param key the 5-tuple in the direction in which the segment goes
   * @param at index of the IP header; the payload lies at {@code at + headerBytes(key)}
   * @param flags see {@link Tcp}
   * @param window 16 bits, as they stand in the header
   * @param payloadBytes 0 to 65,495
   * @return length of the packet
   */
  public static int write(
      FlowKey key,
      ByteBuffer b,
      int at,
      int seq,
      int ack,
      int flags,
      int window,
      int payloadBytes) {
    return write(key, b, at, seq, ack, flags, window, Tcp.BYTES, payloadBytes);
  }

  /**
   * Writes a SYN or SYN-ACK with options, complete with checksums.
   *
   * @param key the 5-tuple in the direction in which the segment goes
   * @param at index of the IP header
   * @param maxSegment maximum segment size, 1 to 65,535
   * @param scale window scale, 0 to 14, or -1 for no such option
   * @param sack whether selective acknowledgments are allowed
   * @return length of the packet
   */
  public static int writeSyn(
      FlowKey key,
      ByteBuffer b,
      int at,
      int seq,
      int ack,
      int flags,
      int window,
      int maxSegment,
      int scale,
      boolean sack) {
    int tcp = at + headerBytes(key) - Tcp.BYTES;
    int end = tcp + Tcp.BYTES;
    b.putInt(end, Tcp.OPTION_MSS << 24 | 4 << 16 | maxSegment & 0xffff);
    end += 4;
    if (sack) {
      b.putInt(end, NOP_NOP | Tcp.OPTION_SACK_PERMITTED << 8 | 2);
      end += 4;
    }
    if (scale >= 0) {
      b.putInt(end, Tcp.OPTION_NOP << 24 | Tcp.OPTION_SCALE << 16 | 3 << 8 | scale);
      end += 4;
    }
    return write(key, b, at, seq, ack, flags, window, end - tcp, 0);
  }

  private static int write(
      FlowKey key,
      ByteBuffer b,
      int at,
      int seq,
      int ack,
      int flags,
      int window,
      int headerBytes,
      int payloadBytes) {
    int tcp = at + headerBytes(key) - Tcp.BYTES;
    int tcpBytes = headerBytes + payloadBytes;
    IpFrame.write(b, at, version(key), Ip.TCP, tcpBytes);
    IpFrame.putSource(b, at, key.srcHi, key.srcLo);
    IpFrame.putDestination(b, at, key.dstHi, key.dstLo);
    IpFrame.seal(b, at);
    b.putShort(tcp, (short) key.sport());
    b.putShort(tcp + 2, (short) key.dport());
    b.putInt(tcp + 4, seq);
    b.putInt(tcp + 8, ack);
    b.putShort(tcp + 12, (short) (headerBytes / 4 << 12 | flags));
    b.putShort(tcp + 14, (short) window);
    b.putInt(tcp + Tcp.CHECKSUM, 0);
    long sum = Checksum.pseudo(b, at, Ip.TCP, tcpBytes);
    Transport.putChecksum(b, tcp, Ip.TCP, Checksum.sum(b, tcp, tcpBytes, sum));
    return tcp - at + tcpBytes;
  }

  /**
   * Writes part of a TCP burst once more, behind an IP header of the key's family: for a connection
   * whose two sides are of different families. The checksum is left to be finished when the burst
   * is cut.
   *
   * @param b no fragment; its ports are replaced by the key's
   * @param key the 5-tuple in the direction in which the burst goes
   * @param from offset of the part in the payload; a multiple of the segment size
   * @param bytes payload bytes of the part
   * @param memory where it is written; at most 100 bytes more than the payload
   * @param memoryAddress native address of its index 0, or 0
   * @param into becomes the view of what was written
   */
  public static void rebuild(
      Burst b,
      FlowKey key,
      int from,
      int bytes,
      ByteBuffer memory,
      long memoryAddress,
      int at,
      Burst into) {
    int version = version(key);
    int tcpHeader = b.payload - b.transport;
    int tcp = at + IpFrame.bytes(version);
    IpFrame.write(memory, at, version, Ip.TCP, tcpHeader + bytes);
    IpFrame.putSource(memory, at, key.srcHi, key.srcLo);
    IpFrame.putDestination(memory, at, key.dstHi, key.dstLo);
    IpFrame.seal(memory, at);
    memory.put(tcp, b.buffer, b.transport, tcpHeader);
    memory.putShort(tcp, (short) key.sport());
    memory.putShort(tcp + 2, (short) key.dport());
    memory.putInt(tcp + 4, Tcp.seq(memory, tcp) + from);
    if (from + bytes < b.payloadBytes) {
      memory.put(tcp + 13, (byte) (Tcp.flags(memory, tcp) & ~(Tcp.FIN | Tcp.PSH)));
    }
    copyPayload(b, from, bytes, memory, tcp + tcpHeader);
    into.buffer = memory;
    into.address = memoryAddress;
    into.start = at;
    into.transport = tcp;
    into.payload = tcp + tcpHeader;
    into.payloadBytes = bytes;
    into.pieces = 1;
    into.pieceStart[0] = into.payload;
    into.pieceBytes[0] = bytes;
    into.segmentBytes = b.segmentBytes < bytes ? b.segmentBytes : 0;
    into.version = version;
    into.protocol = Ip.TCP;
    into.fragment = false;
    into.laterFragment = false;
    into.partialChecksum = true;
    Transport.putPartialChecksum(into);
  }

  /** Copies part of a burst's payload, whatever pieces it is in. */
  public static void copyPayload(Burst b, int from, int bytes, ByteBuffer out, int at) {
    int skip = from;
    int left = bytes;
    int to = at;
    for (int i = 0; i < b.pieces && left > 0; i++) {
      int n = Math.min(left, b.pieceBytes[i] - skip);
      if (n > 0) {
        out.put(to, b.buffer, b.pieceStart[i] + skip, n);
        to += n;
        left -= n;
        skip = 0;
      } else {
        skip -= b.pieceBytes[i];
      }
    }
  }

  private static int version(FlowKey key) {
    return Addresses.isV4(key.srcHi, key.srcLo) ? 4 : 6;
  }
}
