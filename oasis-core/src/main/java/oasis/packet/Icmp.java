// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * Fields of ICMP (RFC 792) and ICMPv6 (RFC 4443) messages at an index of a buffer. Only for packets
 * that passed {@link Burst#check}. Types are of one family: the IP version must be known.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+---------------+-------------------------------+
 * |      Type     |      Code     |            Checksum           |  0
 * +---------------+---------------+-------------------------------+
 * |   Identifier (echo) or unused |    Sequence (echo) or MTU     |  4
 * +-------------------------------+-------------------------------+
 * |     Echo data, or the packet that an error is about, cut      |  8
 * +---------------------------------------------------------------+
 * </pre>
 */
public final class Icmp {
  /** Bytes in front of the data or of the quoted packet. */
  public static final int BYTES = 8;

  /** ICMP echo reply. */
  public static final int ECHO_REPLY = 0;

  /** ICMP destination unreachable. */
  public static final int UNREACHABLE = 3;

  /** Code of {@link #UNREACHABLE}: the packet is too big and must not be fragmented. */
  public static final int FRAGMENTATION_NEEDED = 4;

  /** ICMP redirect. */
  public static final int REDIRECT = 5;

  /** ICMP echo request. */
  public static final int ECHO_REQUEST = 8;

  /** ICMP time exceeded. */
  public static final int TIME_EXCEEDED = 11;

  /** ICMP parameter problem. */
  public static final int PARAMETER_PROBLEM = 12;

  /** ICMPv6 destination unreachable. */
  public static final int V6_UNREACHABLE = 1;

  /** ICMPv6 packet too big. */
  public static final int V6_TOO_BIG = 2;

  /** ICMPv6 time exceeded. */
  public static final int V6_TIME_EXCEEDED = 3;

  /** ICMPv6 parameter problem, the last of the four errors (RFC 4443 section 3). */
  public static final int V6_PARAMETER_PROBLEM = 4;

  /** ICMPv6 echo request. */
  public static final int V6_ECHO_REQUEST = 128;

  /** ICMPv6 echo reply. */
  public static final int V6_ECHO_REPLY = 129;

  static final int CHECKSUM = 2;

  private static final int SOURCE_QUENCH = 4;

  private Icmp() {}

  /** Message type. */
  public static int type(ByteBuffer b, int at) {
    return b.get(at) & 0xff;
  }

  /** Code within the type. */
  public static int code(ByteBuffer b, int at) {
    return b.get(at + 1) & 0xff;
  }

  /** Checksum as it stands. */
  public static int checksum(ByteBuffer b, int at) {
    return b.getShort(at + CHECKSUM) & 0xffff;
  }

  /** Identifier of an echo request or reply. */
  public static int identifier(ByteBuffer b, int at) {
    return b.getShort(at + 4) & 0xffff;
  }

  /** True for an echo request or reply, ICMP or ICMPv6. */
  public static boolean isEcho(int protocol, int type) {
    return protocol == Ip.ICMP
        ? type == ECHO_REQUEST || type == ECHO_REPLY
        : protocol == Ip.ICMP6 && (type == V6_ECHO_REQUEST || type == V6_ECHO_REPLY);
  }

  /** True for a message that quotes the packet it is about. */
  public static boolean isError(int protocol, int type) {
    if (protocol == Ip.ICMP6) {
      // RFC 4443 section 2.1: error messages have a zero in the high bit.
      return type < 128;
    }
    return protocol == Ip.ICMP
        && (type == UNREACHABLE
            || type == SOURCE_QUENCH
            || type == REDIRECT
            || type == TIME_EXCEEDED
            || type == PARAMETER_PROBLEM);
  }

  /**
   * True for an error about a packet on its way that may be passed on: not a redirect, which only a
   * router of the own link may send, nor the source quench that RFC 6633 ended.
   *
   * @param b a burst for which {@link #isError(Burst)} holds
   */
  public static boolean isPathError(Burst b) {
    int type = type(b.buffer, b.transport);
    return b.version == 6
        ? type >= V6_UNREACHABLE && type <= V6_PARAMETER_PROBLEM
        : type == UNREACHABLE || type == TIME_EXCEEDED || type == PARAMETER_PROBLEM;
  }

  /** True when a checked burst is an echo request of its family (and not a later fragment). */
  public static boolean isEchoRequest(Burst b) {
    return isQuery(b, ECHO_REQUEST, V6_ECHO_REQUEST);
  }

  /** True when a checked burst is an echo reply of its family (and not a later fragment). */
  public static boolean isEchoReply(Burst b) {
    return isQuery(b, ECHO_REPLY, V6_ECHO_REPLY);
  }

  private static boolean isQuery(Burst b, int type, int type6) {
    boolean v4 = b.version == 4;
    return b.protocol == (v4 ? Ip.ICMP : Ip.ICMP6)
        && !b.laterFragment
        && type(b.buffer, b.transport) == (v4 ? type : type6);
  }

  /** True when a checked burst is an ICMP or ICMPv6 error (and not a later fragment). */
  public static boolean isError(Burst b) {
    return (b.protocol == Ip.ICMP || b.protocol == Ip.ICMP6)
        && !b.laterFragment
        && isError(b.protocol, type(b.buffer, b.transport));
  }
}
