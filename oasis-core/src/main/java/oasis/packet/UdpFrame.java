// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/** Writes the headers of a UDP datagram that we author around a payload that is already there. */
public final class UdpFrame {
  private static final int TTL = 64;

  private UdpFrame() {}

  /** Bytes of IP and UDP header in front of the payload, for the key's address family. */
  public static int headerBytes(FlowKey key) {
    return (v4(key) ? Ip.V4_BYTES : Ip.V6_BYTES) + Udp.BYTES;
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
    if (v4(key)) {
      b.putShort(at, (short) 0x4500);
      b.putShort(at + 2, (short) (Ip.V4_BYTES + udpBytes));
      b.putInt(at + 4, 0);
      b.putShort(at + 8, (short) (TTL << 8 | Ip.UDP));
      b.putShort(at + 10, (short) 0);
      b.putInt(at + 12, (int) key.srcLo);
      b.putInt(at + 16, (int) key.dstLo);
      b.putShort(at + 10, (short) Checksum.finish(Checksum.sum(b, at, Ip.V4_BYTES, 0)));
    } else {
      b.putInt(at, 0x6000_0000);
      b.putShort(at + 4, (short) udpBytes);
      b.putShort(at + 6, (short) (Ip.UDP << 8 | TTL));
      b.putLong(at + 8, key.srcHi);
      b.putLong(at + 16, key.srcLo);
      b.putLong(at + 24, key.dstHi);
      b.putLong(at + 32, key.dstLo);
    }
    b.putShort(udp, (short) key.sport());
    b.putShort(udp + 2, (short) key.dport());
    b.putShort(udp + 4, (short) udpBytes);
    b.putShort(udp + Udp.CHECKSUM, (short) 0);
    int checksum = Checksum.finish(Checksum.sum(b, udp, udpBytes, Checksum.pseudo(key, udpBytes)));
    // RFC 768: a computed 0 is sent as all ones, since 0 means "none".
    b.putShort(udp + Udp.CHECKSUM, (short) (checksum == 0 ? 0xffff : checksum));
    return udp - at + udpBytes;
  }

  private static boolean v4(FlowKey key) {
    return Addresses.isV4(key.srcHi, key.srcLo);
  }
}
