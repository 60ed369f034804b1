// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * Fields of the UDP header (RFC 768) at an index of a buffer. Only for packets that passed {@link
 * Burst#check}.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------------------------------+-------------------------------+
 * |          Source Port          |       Destination Port        |  0
 * +-------------------------------+-------------------------------+
 * |             Length            |            Checksum           |  4
 * +-------------------------------+-------------------------------+
 * </pre>
 */
public final class Udp {
  /** Bytes of the header. */
  public static final int BYTES = 8;

  static final int CHECKSUM = 6;

  private Udp() {}

  /** Source port. */
  public static int srcPort(ByteBuffer b, int at) {
    return b.getShort(at) & 0xffff;
  }

  /** Destination port. */
  public static int dstPort(ByteBuffer b, int at) {
    return b.getShort(at + 2) & 0xffff;
  }

  /** Bytes of header and payload. */
  public static int length(ByteBuffer b, int at) {
    return b.getShort(at + 4) & 0xffff;
  }

  /** Checksum as it stands; 0 means that the sender computed none. */
  public static int checksum(ByteBuffer b, int at) {
    return b.getShort(at + CHECKSUM) & 0xffff;
  }
}
