// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/** What the transport protocols have in common: where their checksum stands and what it covers. */
final class Transport {
  private Transport() {}

  /** Offset of the checksum in the transport header; -1 for a protocol that we do not know. */
  static int checksumOffset(int protocol) {
    return switch (protocol) {
      case Ip.TCP -> Tcp.CHECKSUM;
      case Ip.UDP -> Udp.CHECKSUM;
      case Ip.ICMP, Ip.ICMP6 -> Icmp.CHECKSUM;
      default -> -1;
    };
  }

  /** Bytes of transport header and payload. */
  static int bytes(Burst b) {
    return b.payload - b.transport + b.payloadBytes;
  }

  /** Puts the folded pseudo-header sum where the kernel expects it of an unfinished checksum. */
  static void putPartialChecksum(Burst b) {
    long pseudo = Checksum.pseudo(b.buffer, b.start, b.protocol, bytes(b));
    b.buffer.putShort(b.transport + checksumOffset(b.protocol), (short) Checksum.fold(pseudo));
  }

  /** True when the complete checksum of a contiguous, unfragmented packet is right. */
  static boolean checksumIsRight(Burst b) {
    int bytes = bytes(b);
    // ICMP for IPv4 has no pseudo-header.
    long pseudo = b.protocol == Ip.ICMP ? 0 : Checksum.pseudo(b.buffer, b.start, b.protocol, bytes);
    return Checksum.fold(Checksum.sum(b.buffer, b.transport, bytes, pseudo)) == 0xffff;
  }

  /**
   * Writes a checksum computed anew. A UDP checksum that comes out as 0 is sent as ffff, since 0
   * says that there is none (RFC 768).
   */
  static void putChecksum(ByteBuffer m, int transport, int protocol, long sum) {
    int checksum = Checksum.finish(sum);
    if (checksum == 0 && protocol == Ip.UDP) {
      checksum = 0xffff;
    }
    m.putShort(transport + checksumOffset(protocol), (short) checksum);
  }
}
