// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * The virtio network header (virtio 1.2 section 5.1.6) in front of packets of a TUN device with
 * {@code IFF_VNET_HDR} or a packet socket with {@code PACKET_VNET_HDR}. Its words are in the host's
 * byte order, which is little-endian on every host that we support.
 *
 * <pre>
 * byte 0      1          2..3       4..5       6..7         8..9
 *    flags | GSO type | hdr_len | gso_size | csum_start | csum_offset
 * </pre>
 */
public final class VirtioHeader {
  /** Bytes of the header. */
  public static final int BYTES = 10;

  static final int NEEDS_CSUM = 1;

  /** The checksums that were on the wire have been found right. */
  static final int DATA_VALID = 2;

  static final int GSO_NONE = 0;
  static final int GSO_TCP4 = 1;
  static final int GSO_TCP6 = 4;
  static final int GSO_UDP_L4 = 5;

  /** Bit beside the type: the burst's first segment has CWR. */
  static final int GSO_ECN = 0x80;

  private VirtioHeader() {}

  /**
   * Writes the header that describes a burst.
   *
   * @param at index of the header in {@code out}, a big-endian buffer
   * @param linkBytes bytes of link header between it and the IP header: 0 or 14
   */
  public static void write(ByteBuffer out, int at, Burst burst, int linkBytes) {
    out.putLong(at, 0);
    out.putShort(at + 8, (short) 0);
    if (!burst.partialChecksum) {
      return;
    }
    out.put(at, (byte) NEEDS_CSUM);
    word(out, at + 6, linkBytes + burst.transport - burst.start);
    word(out, at + 8, Transport.checksumOffset(burst.protocol));
    if (burst.segments() > 1) {
      out.put(at + 1, (byte) gsoType(burst));
      word(out, at + 2, linkBytes + burst.headerBytes());
      word(out, at + 4, burst.segmentBytes);
    }
  }

  /** A 16-bit word of a header. */
  static int word(ByteBuffer b, int at) {
    return Short.reverseBytes(b.getShort(at)) & 0xffff;
  }

  private static void word(ByteBuffer b, int at, int value) {
    b.putShort(at, Short.reverseBytes((short) value));
  }

  private static int gsoType(Burst b) {
    if (b.protocol == Ip.UDP) {
      return GSO_UDP_L4;
    }
    int ecn = (Tcp.flags(b.buffer, b.transport) & Tcp.CWR) != 0 ? GSO_ECN : 0;
    return ecn | (b.version == 4 ? GSO_TCP4 : GSO_TCP6);
  }
}
