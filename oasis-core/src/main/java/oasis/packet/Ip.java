// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * Fields of the IPv4 header (RFC 791) and the IPv6 header (RFC 8200) that lie at an index of a
 * buffer. Only for packets that passed {@link Burst#check}. Methods without a family in their name
 * work for both.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------+-------+---------------+-------------------------------+
 * |Version|  IHL  |Type of Service|          Total Length         |  0   IPv4
 * +-------+-------+---------------+-----+-------------------------+
 * |         Identification        |0 D M|      Fragment Offset    |  4
 * +---------------+---------------+-----+-------------------------+
 * |  Time to Live |    Protocol   |         Header Checksum       |  8
 * +---------------+---------------+-------------------------------+
 * |                         Source Address                        |  12
 * |                       Destination Address                     |  16
 * +---------------------------------------------------------------+
 *
 * +-------+---------------+---------------------------------------+
 * |Version| Traffic Class |              Flow Label               |  0   IPv6
 * +-------+---------------+-------+---------------+---------------+
 * |         Payload Length        |  Next Header  |   Hop Limit   |  4
 * +-------------------------------+---------------+---------------+
 * |                    Source Address, 16 bytes                   |  8
 * |                  Destination Address, 16 bytes                |  24
 * +---------------------------------------------------------------+
 * </pre>
 */
public final class Ip {
  /** Protocol number of ICMP for IPv4. */
  public static final int ICMP = 1;

  /** Protocol number of TCP. */
  public static final int TCP = 6;

  /** Protocol number of UDP. */
  public static final int UDP = 17;

  /** Protocol number of ICMP for IPv6. */
  public static final int ICMP6 = 58;

  /** Bytes of an IPv4 header without options. */
  public static final int V4_BYTES = 20;

  /** Bytes of an IPv6 header without extension headers. */
  public static final int V6_BYTES = 40;

  static final int MORE_FRAGMENTS = 0x2000;
  static final int DONT_FRAGMENT = 0x4000;
  static final int OFFSET_MASK = 0x1fff;

  private Ip() {}

  /** 4 or 6. */
  public static int version(ByteBuffer b, int at) {
    return b.get(at) >>> 4 & 0xf;
  }

  /** Type of service or traffic class: DSCP in the upper six bits, ECN in the lower two. */
  public static int tos(ByteBuffer b, int at) {
    return version(b, at) == 4 ? b.get(at + 1) & 0xff : b.getShort(at) >>> 4 & 0xff;
  }

  /** Time to live or hop limit. */
  public static int ttl(ByteBuffer b, int at) {
    return b.get(version(b, at) == 4 ? at + 8 : at + 7) & 0xff;
  }

  /** High half of the source address; 0 for IPv4. */
  public static long srcHi(ByteBuffer b, int at) {
    return version(b, at) == 4 ? 0 : b.getLong(at + 8);
  }

  /** Low half of the source address; IPv4-mapped for IPv4. */
  public static long srcLo(ByteBuffer b, int at) {
    return version(b, at) == 4 ? Addresses.v4(b.getInt(at + 12)) : b.getLong(at + 16);
  }

  /** High half of the destination address; 0 for IPv4. */
  public static long dstHi(ByteBuffer b, int at) {
    return version(b, at) == 4 ? 0 : b.getLong(at + 24);
  }

  /** Low half of the destination address; IPv4-mapped for IPv4. */
  public static long dstLo(ByteBuffer b, int at) {
    return version(b, at) == 4 ? Addresses.v4(b.getInt(at + 16)) : b.getLong(at + 32);
  }

  /** Bytes of an IPv4 header with its options, 20 to 60. */
  public static int headerBytes4(ByteBuffer b, int at) {
    return (b.get(at) & 0xf) * 4;
  }

  /** IPv4 identification. */
  public static int id4(ByteBuffer b, int at) {
    return b.getShort(at + 4) & 0xffff;
  }

  /** IPv4 "don't fragment" bit. */
  public static boolean dontFragment4(ByteBuffer b, int at) {
    return (b.getShort(at + 6) & DONT_FRAGMENT) != 0;
  }
}
