// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * What a sender with a key puts behind the packet of each datagram, so that the receiver knows who
 * sent it and that it is neither changed nor a copy of an earlier one ({@code
 * docs/wire-interface.md}):
 *
 * <pre>
 * IP packet, or nothing for a keep-alive | 0 key number | 4 counter | 12 tag | (28)
 * </pre>
 *
 * <p>The tag is the first 16 bytes of HMAC-SHA-256 (RFC 2104) over packet, key number and counter,
 * by a key that is derived for the direction. Nothing is encrypted.
 */
public final class Trailer {
  /** Bytes of a trailer. */
  public static final int BYTES = 28;

  /**
   * Largest key number. Its first four bits are 0, so that no trailer looks like an IP packet of
   * either version.
   */
  public static final int MAX_KEY_ID = 0x0fff_ffff;

  static final int COUNTER = 4;
  static final int TAG = 12;

  private Trailer() {}

  /**
   * Whether a datagram has a trailer: it consists of one, or is longer than its IP packet by one.
   *
   * @param at index of the datagram
   * @param bytes its length
   */
  public static boolean ends(ByteBuffer b, int at, int bytes) {
    if (bytes < BYTES) {
      return false;
    }
    return switch (b.get(at) >>> 4 & 0xf) {
      case 0 -> bytes == BYTES;
      case 4 -> bytes == (b.getShort(at + 2) & 0xffff) + BYTES;
      case 6 -> bytes == (b.getShort(at + 4) & 0xffff) + Ip.V6_BYTES + BYTES;
      default -> false;
    };
  }

  /** The number of the key that a datagram's trailer names. */
  public static int keyId(ByteBuffer b, int at, int bytes) {
    return b.getInt(at + bytes - BYTES);
  }
}
