// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/** Writes IP headers of packets that we author: no options, time to live 64. */
final class IpFrame {
  private static final int TTL = 64;

  private IpFrame() {}

  /** Bytes of the IP header. */
  static int bytes(int version) {
    return version == 4 ? Ip.V4_BYTES : Ip.V6_BYTES;
  }

  /** Writes all but the addresses; IPv4 needs {@link #seal} after them. */
  static void write(ByteBuffer out, int at, int version, int protocol, int payloadBytes) {
    if (version == 4) {
      out.putShort(at, (short) 0x4500);
      out.putShort(at + 2, (short) (Ip.V4_BYTES + payloadBytes));
      out.putInt(at + 4, 0);
      out.putShort(at + 8, (short) (TTL << 8 | protocol));
    } else {
      out.putInt(at, 0x6000_0000);
      out.putShort(at + 4, (short) payloadBytes);
      out.putShort(at + 6, (short) (protocol << 8 | TTL));
    }
  }

  static void putSource(ByteBuffer out, int at, long hi, long lo) {
    putAddress(out, at, 12, 8, hi, lo);
  }

  static void putDestination(ByteBuffer out, int at, long hi, long lo) {
    putAddress(out, at, 16, 24, hi, lo);
  }

  /** Computes the IPv4 header checksum; IPv6 has none. */
  static void seal(ByteBuffer out, int at) {
    if (Ip.version(out, at) == 4) {
      out.putShort(at + 10, (short) 0);
      out.putShort(at + 10, (short) Checksum.finish(Checksum.sum(out, at, Ip.V4_BYTES, 0)));
    }
  }

  private static void putAddress(
      ByteBuffer out, int at, int offset4, int offset6, long hi, long lo) {
    if (Ip.version(out, at) == 4) {
      out.putInt(at + offset4, (int) lo);
    } else {
      out.putLong(at + offset6, hi);
      out.putLong(at + offset6 + 8, lo);
    }
  }
}
