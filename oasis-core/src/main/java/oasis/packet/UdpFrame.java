// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/** Writes the headers of a UDP datagram that we author around a payload that is already there. */
public final class UdpFrame {
  private UdpFrame() {}

  /** Bytes of IP and UDP header in front of the payload, for the key's address family. */
  public static int headerBytes(FlowKey key) {
    return IpFrame.bytes(version(key)) + Udp.BYTES;
  }

  /**
   * Writes IP and UDP header, complete with checksums.
   *
   * @param key the 5-tuple in the direction in which the datagram goes
   * @param at index of the IP header; the payload lies at {@code at + headerBytes(key)}
   * @param payloadBytes 0 to 65,507
   * @return length of the packet
   */
  public static int write(FlowKey key, ByteBuffer b, int at, int payloadBytes) {
    int udp = at + headerBytes(key) - Udp.BYTES;
    int udpBytes = Udp.BYTES + payloadBytes;
    IpFrame.write(b, at, version(key), Ip.UDP, udpBytes);
    IpFrame.putSource(b, at, key.srcHi, key.srcLo);
    IpFrame.putDestination(b, at, key.dstHi, key.dstLo);
    IpFrame.seal(b, at);
    b.putShort(udp, (short) key.sport());
    b.putShort(udp + 2, (short) key.dport());
    b.putShort(udp + 4, (short) udpBytes);
    b.putShort(udp + Udp.CHECKSUM, (short) 0);
    long sum = Checksum.pseudo(b, at, Ip.UDP, udpBytes);
    Transport.putChecksum(b, udp, Ip.UDP, Checksum.sum(b, udp, udpBytes, sum));
    return udp - at + udpBytes;
  }

  private static int version(FlowKey key) {
    return Addresses.isV4(key.srcHi, key.srcLo) ? 4 : 6;
  }
}
