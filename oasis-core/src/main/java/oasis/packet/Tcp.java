// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * Fields of the TCP header (RFC 9293 section 3.1) at an index of a buffer. Only for packets that
 * passed {@link Burst#check}.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------------------------------+-------------------------------+
 * |          Source Port          |       Destination Port        |  0
 * +-------------------------------+-------------------------------+
 * |                        Sequence Number                        |  4
 * +---------------------------------------------------------------+
 * |                    Acknowledgment Number                      |  8
 * +-------+-------+-+-+-+-+-+-+-+-+-------------------------------+
 * | Offset| Rsrvd |C|E|U|A|P|R|S|F|             Window            |  12
 * +-------+-------+-+-+-+-+-+-+-+-+-------------------------------+
 * |            Checksum           |         Urgent Pointer        |  16
 * +-------------------------------+-------------------------------+
 * |                    Options, 0 to 40 bytes                     |  20
 * +---------------------------------------------------------------+
 * </pre>
 */
public final class Tcp {
  /** Bytes of a header without options. */
  public static final int BYTES = 20;

  /** Sender has finished sending. */
  public static final int FIN = 0x01;

  /** Synchronize sequence numbers. */
  public static final int SYN = 0x02;

  /** Reset the connection. */
  public static final int RST = 0x04;

  /** Push: hand the data to the program. */
  public static final int PSH = 0x08;

  /** The acknowledgment number is valid. */
  public static final int ACK = 0x10;

  /** The urgent pointer is valid. */
  public static final int URG = 0x20;

  /** ECN echo (RFC 3168). */
  public static final int ECE = 0x40;

  /** Congestion window reduced (RFC 3168). */
  public static final int CWR = 0x80;

  /** Option kind: end of options. */
  public static final int OPTION_END = 0;

  /** Option kind: padding of one byte. */
  public static final int OPTION_NOP = 1;

  /** Option kind: maximum segment size (RFC 9293 section 3.7.1). */
  public static final int OPTION_MSS = 2;

  /** Option kind: window scale (RFC 7323 section 2.2). */
  public static final int OPTION_SCALE = 3;

  /** Option kind: selective acknowledgments may be sent (RFC 2018 section 2). */
  public static final int OPTION_SACK_PERMITTED = 4;

  /** Option kind: selective acknowledgment (RFC 2018 section 3). */
  public static final int OPTION_SACK = 5;

  static final int CHECKSUM = 16;

  private Tcp() {}

  /** Source port. */
  public static int srcPort(ByteBuffer b, int at) {
    return b.getShort(at) & 0xffff;
  }

  /** Destination port. */
  public static int dstPort(ByteBuffer b, int at) {
    return b.getShort(at + 2) & 0xffff;
  }

  /** Sequence number; compare by difference. */
  public static int seq(ByteBuffer b, int at) {
    return b.getInt(at + 4);
  }

  /** Acknowledgment number; compare by difference. */
  public static int ack(ByteBuffer b, int at) {
    return b.getInt(at + 8);
  }

  /** Bytes of the header with its options, 20 to 60. */
  public static int headerBytes(ByteBuffer b, int at) {
    return (b.get(at + 12) >>> 4 & 0xf) * 4;
  }

  /** The eight flags. */
  public static int flags(ByteBuffer b, int at) {
    return b.get(at + 13) & 0xff;
  }

  /** The eight flags of a checked burst; 0 when it is not TCP, or a later fragment. */
  public static int flags(Burst b) {
    return b.protocol == Ip.TCP && !b.laterFragment ? flags(b.buffer, b.transport) : 0;
  }

  /** Whether flags are those of a connection's first segment: SYN without ACK, RST and FIN. */
  public static boolean isFirst(int flags) {
    return (flags & (SYN | ACK | RST | FIN)) == SYN;
  }

  /** Receive window, not scaled. */
  public static int window(ByteBuffer b, int at) {
    return b.getShort(at + 14) & 0xffff;
  }

  /** Checksum as it stands. */
  public static int checksum(ByteBuffer b, int at) {
    return b.getShort(at + CHECKSUM) & 0xffff;
  }
}
