// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * The chain of IPv6 extension headers (RFC 8200 section 4), walked with bounded count and length:
 * hop-by-hop options first only, routing, destination options, at most one fragment header. The
 * result is one long, so that nothing is allocated: an error below 0, else offset of the transport
 * header, protocol, and what the fragment header says.
 */
final class Extensions {
  static final int MAX_BYTES = 256;

  /** The packet ends inside the chain. */
  static final long TRUNCATED = -1;

  /** The chain breaks a rule. */
  static final long BAD = -2;

  private static final int MAX_COUNT = 8;
  private static final int HOP_BY_HOP = 0;
  private static final int ROUTING = 43;
  private static final int FRAGMENT = 44;
  private static final int DESTINATION = 60;

  private static final long MORE = 1L << 40;

  private Extensions() {}

  /**
   * Walks the chain behind the IPv6 header at {@code at}, up to the transport header or, in a later
   * fragment, up to the fragment's data.
   *
   * @param end index behind the packet
   */
  static long walk(ByteBuffer b, int at, int end) {
    int next = b.get(at + 6) & 0xff;
    int pos = at + Ip.V6_BYTES;
    // -1: no fragment header yet.
    int fragment = -1;
    for (int count = 0; isExtension(next); count++) {
      if (count == MAX_COUNT || (next == HOP_BY_HOP && count > 0)) {
        return BAD;
      }
      if (pos + 8 > end) {
        return TRUNCATED;
      }
      int bytes = 8;
      if (next == FRAGMENT) {
        if (fragment >= 0) {
          return BAD;
        }
        fragment = b.getShort(pos + 2) & 0xfff9;
      } else {
        bytes += (b.get(pos + 1) & 0xff) * 8;
        // A routing header with segments left is refused: its type 0 is a weapon (RFC 5095), and
        // with any type the pseudo-header's destination is another than the header's.
        if (next == ROUTING && b.get(pos + 3) != 0) {
          return BAD;
        }
      }
      next = b.get(pos) & 0xff;
      pos += bytes;
      if (pos > end) {
        return TRUNCATED;
      }
      if (pos - at - Ip.V6_BYTES > MAX_BYTES) {
        return BAD;
      }
      if (fragment > 7) {
        break;
      }
    }
    int word = Math.max(fragment, 0);
    return pack(word & 0xfff8, (word & 1) != 0, next, pos - at);
  }

  /** Index of the fragment header of a packet that was walked and has one. */
  static int fragmentAt(ByteBuffer b, int at) {
    int next = b.get(at + 6) & 0xff;
    int pos = at + Ip.V6_BYTES;
    while (next != FRAGMENT) {
      next = b.get(pos) & 0xff;
      pos += 8 + (b.get(pos + 1) & 0xff) * 8;
    }
    return pos;
  }

  /** The result of a walk; IPv4 headers are described in the same form. */
  static long pack(int fragmentOffset, boolean more, int protocol, int offset) {
    return (more ? MORE : 0) | (long) fragmentOffset << 24 | (long) protocol << 16 | offset;
  }

  /** Bytes from the IPv6 header to the transport header. */
  static int offset(long walked) {
    return (int) walked & 0xffff;
  }

  /** Protocol number of what follows the chain. */
  static int protocol(long walked) {
    return (int) (walked >>> 16) & 0xff;
  }

  /** Offset of the fragment in its datagram, 0 for a whole packet. */
  static int fragmentOffset(long walked) {
    return (int) (walked >>> 24) & 0xffff;
  }

  /** Whether more fragments follow. */
  static boolean moreFragments(long walked) {
    return (walked & MORE) != 0;
  }

  private static boolean isExtension(int next) {
    return next == HOP_BY_HOP || next == ROUTING || next == FRAGMENT || next == DESTINATION;
  }
}
