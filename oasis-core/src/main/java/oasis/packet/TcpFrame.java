// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/** Writes the headers of a TCP segment that we author in front of a payload that is there. */
public final class TcpFrame {
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
    int tcp = at + headerBytes(key) - Tcp.BYTES;
    int tcpBytes = Tcp.BYTES + payloadBytes;
    IpFrame.write(b, at, version(key), Ip.TCP, tcpBytes);
    IpFrame.putSource(b, at, key.srcHi, key.srcLo);
    IpFrame.putDestination(b, at, key.dstHi, key.dstLo);
    IpFrame.seal(b, at);
    b.putShort(tcp, (short) key.sport());
    b.putShort(tcp + 2, (short) key.dport());
    b.putInt(tcp + 4, seq);
    b.putInt(tcp + 8, ack);
    b.putShort(tcp + 12, (short) (Tcp.BYTES / 4 << 12 | flags));
    b.putShort(tcp + 14, (short) window);
    b.putInt(tcp + Tcp.CHECKSUM, 0);
    long sum = Checksum.pseudo(b, at, Ip.TCP, tcpBytes);
    Transport.putChecksum(b, tcp, Ip.TCP, Checksum.sum(b, tcp, tcpBytes, sum));
    return tcp - at + tcpBytes;
  }

  private static int version(FlowKey key) {
    return Addresses.isV4(key.srcHi, key.srcLo) ? 4 : 6;
  }
}
