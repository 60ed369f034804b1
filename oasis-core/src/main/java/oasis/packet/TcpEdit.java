// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * Changes what TCP says about its stream in a checked TCP burst that is no later fragment, in
 * place; a complete checksum follows, a partial one does not cover these fields.
 */
public final class TcpEdit {
  private static final int FLAGS_AT = 12;

  private TcpEdit() {}

  /** Sets the sequence number. */
  public static void sequence(Burst b, int seq) {
    follow(b, Edit.put32(b.buffer, b.transport + 4, seq));
  }

  /** Sets the acknowledgment number and the 16 bits of the window. */
  public static void acknowledgment(Burst b, int ack, int window) {
    long delta = Edit.put32(b.buffer, b.transport + 8, ack);
    follow(b, delta + Edit.put16(b.buffer, b.transport + 14, window));
  }

  /**
   * Overwrites all options but maximum segment size and window scale with padding, and takes back
   * the offer of explicit congestion notification: what is left of a SYN or SYN-ACK is a connection
   * without selective acknowledgments and time stamps, into which segments can be written.
   */
  public static void plain(Burst b) {
    ByteBuffer m = b.buffer;
    long before = flagsAndOptions(b);
    int flags = m.getShort(b.transport + FLAGS_AT) & ~(Tcp.ECE | Tcp.CWR);
    m.putShort(b.transport + FLAGS_AT, (short) flags);
    int at = b.transport + Tcp.BYTES;
    while (at < b.payload) {
      int bytes = optionBytes(b, at);
      int kind = m.get(at) & 0xff;
      if (bytes == 0 || kind != Tcp.OPTION_MSS && kind != Tcp.OPTION_SCALE) {
        int end = bytes == 0 ? b.payload : at + bytes;
        while (at < end) {
          m.put(at++, (byte) Tcp.OPTION_NOP);
        }
      } else {
        at += bytes;
      }
    }
    int old = Checksum.fold(before);
    int now = Checksum.fold(flagsAndOptions(b));
    follow(b, Edit.delta16(old, now));
  }

  /** Whether a SYN or SYN-ACK allows selective acknowledgments. */
  public static boolean sackPermitted(Burst b) {
    return option(b, Tcp.OPTION_SACK_PERMITTED, 2) >= 0;
  }

  /**
   * Adds a number to both edges of each selectively acknowledged block, for a stream whose sequence
   * numbers are shifted.
   */
  public static void shiftSack(Burst b, int shift) {
    int at = sack(b);
    if (at < 0) {
      return;
    }
    ByteBuffer m = b.buffer;
    long before = flagsAndOptions(b);
    int end = at + (m.get(at + 1) & 0xff);
    for (int edge = at + 2; edge + 4 <= end; edge += 4) {
      m.putInt(edge, m.getInt(edge) + shift);
    }
    follow(b, Edit.delta16(Checksum.fold(before), Checksum.fold(flagsAndOptions(b))));
  }

  /** Overwrites selective acknowledgments with padding. */
  public static void eraseSack(Burst b) {
    int at = sack(b);
    if (at < 0) {
      return;
    }
    long before = flagsAndOptions(b);
    int end = at + (b.buffer.get(at + 1) & 0xff);
    for (int i = at; i < end; i++) {
      b.buffer.put(i, (byte) Tcp.OPTION_NOP);
    }
    follow(b, Edit.delta16(Checksum.fold(before), Checksum.fold(flagsAndOptions(b))));
  }

  /** Index of the first option of selective acknowledgments, or -1. */
  private static int sack(Burst b) {
    int at = b.transport + Tcp.BYTES;
    while (at < b.payload) {
      int bytes = optionBytes(b, at);
      if (bytes == 0) {
        return -1;
      }
      if ((b.buffer.get(at) & 0xff) == Tcp.OPTION_SACK && bytes > 2) {
        return at;
      }
      at += bytes;
    }
    return -1;
  }

  /**
   * Lets a burst whose payload is in one piece be cut into segments of at most so many bytes, if
   * they are longer; its checksum is then computed when it is cut.
   *
   * @param most payload bytes of a segment, at least 1
   */
  public static void limitSegments(Burst b, int most) {
    int longest = b.segmentBytes == 0 ? b.payloadBytes : b.segmentBytes;
    if (longest <= most || b.pieces != 1) {
      return;
    }
    b.segmentBytes = most;
    if (!b.partialChecksum) {
      b.partialChecksum = true;
      Transport.putPartialChecksum(b);
    }
  }

  /** The sum over flags and options; the checksum between them is the same before and after. */
  private static long flagsAndOptions(Burst b) {
    int at = b.transport + FLAGS_AT;
    return Checksum.sum(b.buffer, at, b.payload - at, 0);
  }

  /** The window scale option of a SYN or SYN-ACK, at most 14 (RFC 7323), or -1 without one. */
  public static int scale(Burst b) {
    int at = option(b, Tcp.OPTION_SCALE, 3);
    return at < 0 ? -1 : Math.min(14, b.buffer.get(at + 2) & 0xff);
  }

  /** The maximum segment size option of a SYN or SYN-ACK, or -1 without one. */
  public static int maxSegment(Burst b) {
    int at = option(b, Tcp.OPTION_MSS, 4);
    return at < 0 ? -1 : b.buffer.getShort(at + 2) & 0xffff;
  }

  private static int option(Burst b, int kind, int length) {
    int at = b.transport + Tcp.BYTES;
    while (at < b.payload) {
      int bytes = optionBytes(b, at);
      if (bytes == 0) {
        return -1;
      }
      if ((b.buffer.get(at) & 0xff) == kind && bytes == length) {
        return at;
      }
      at += bytes;
    }
    return -1;
  }

  /** Bytes of the option at an index; 0 at the end of options, or when it is malformed. */
  private static int optionBytes(Burst b, int at) {
    int kind = b.buffer.get(at) & 0xff;
    if (kind == Tcp.OPTION_NOP) {
      return 1;
    }
    if (kind == Tcp.OPTION_END || at + 2 > b.payload) {
      return 0;
    }
    int bytes = b.buffer.get(at + 1) & 0xff;
    return bytes < 2 || at + bytes > b.payload ? 0 : bytes;
  }

  private static void follow(Burst b, long delta) {
    if (!b.partialChecksum) {
      Edit.adjust(b.buffer, b.transport + Tcp.CHECKSUM, delta);
    }
  }
}
