// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * Keeps a burst, or some of its segments, in a memory for later: the only way to hold a packet
 * longer than its reader does. Some segments become a burst of their own, with the headers that the
 * network would have given them.
 *
 * <pre>
 *  0        2        4                 8                 12  13  14  15  16
 * +--------+--------+-----------------+-----------------+---+---+---+---+-----------------
 * |transp. |payload | payload bytes   | segment bytes   |ver|pro|flg| 0 | headers, payload
 * +--------+--------+-----------------+-----------------+---+---+---+---+-----------------
 * </pre>
 *
 * <p>The memory is trusted: nobody else writes there. Nothing is allocated.
 */
public final class StoredBurst {
  private static final int PREFIX_BYTES = 16;
  private static final int FRAGMENT = 1;
  private static final int LATER_FRAGMENT = 2;
  private static final int PARTIAL_CHECKSUM = 4;

  private StoredBurst() {}

  /** Bytes of memory that some segments of a burst take. */
  public static int bytes(Burst b, int first, int segments) {
    return PREFIX_BYTES + b.headerBytes() + payloadBytes(b, first, segments);
  }

  /** IP bytes of some segments: what the network carries once they are packets. */
  public static int ipBytes(Burst b, int first, int segments) {
    return segments * b.headerBytes() + payloadBytes(b, first, segments);
  }

  private static int payloadBytes(Burst b, int first, int segments) {
    int left = b.payloadBytes - first * b.segmentBytes;
    return b.segmentBytes == 0 ? left : Math.min(segments * b.segmentBytes, left);
  }

  /**
   * Copies some segments of a checked burst.
   *
   * @param first the first of them, from 0
   * @param segments how many
   * @param at where in the memory; {@link #bytes} are written
   */
  public static void write(Burst b, int first, int segments, ByteBuffer memory, int at) {
    int payload = payloadBytes(b, first, segments);
    boolean part = segments < b.segments();
    int header = at + PREFIX_BYTES;
    memory.putShort(at, (short) (b.transport - b.start));
    memory.putShort(at + 2, (short) b.headerBytes());
    memory.putInt(at + 4, payload);
    memory.putInt(at + 8, segments > 1 ? b.segmentBytes : 0);
    memory.put(at + 12, (byte) b.version);
    memory.put(at + 13, (byte) b.protocol);
    memory.put(at + 14, flags(b));
    memory.put(header, b.buffer, b.start, b.headerBytes());
    copyPayload(b, first * b.segmentBytes, payload, memory, header + b.headerBytes());
    if (part) {
      writeIp(b, first, b.headerBytes() + payload, memory, header);
      writeTransport(b, first, segments, payload, memory, header + b.transport - b.start);
    }
  }

  private static byte flags(Burst b) {
    return (byte)
        ((b.fragment ? FRAGMENT : 0)
            | (b.laterFragment ? LATER_FRAGMENT : 0)
            | (b.partialChecksum ? PARTIAL_CHECKSUM : 0));
  }

  private static void copyPayload(Burst b, int from, int bytes, ByteBuffer memory, int at) {
    int skip = from;
    int done = 0;
    for (int i = 0; done < bytes; i++) {
      int piece = b.pieceBytes[i];
      if (skip >= piece) {
        skip -= piece;
        continue;
      }
      int n = Math.min(piece - skip, bytes - done);
      memory.put(at + done, b.buffer, b.pieceStart[i] + skip, n);
      done += n;
      skip = 0;
    }
  }

  private static void writeIp(Burst b, int first, int total, ByteBuffer m, int at) {
    if (b.version == 6) {
      m.putShort(at + 4, (short) (total - Ip.V6_BYTES));
      return;
    }
    long delta =
        Edit.put16(m, at + 2, total) + Edit.put16(m, at + 4, Ip.id4(m, at) + first & 0xffff);
    Edit.adjust(m, at + 10, delta);
  }

  private static void writeTransport(
      Burst b, int first, int segments, int payload, ByteBuffer m, int at) {
    if (b.protocol == Ip.UDP) {
      m.putShort(at + 4, (short) (Udp.BYTES + payload));
      return;
    }
    m.putInt(at + 4, Tcp.seq(m, at) + first * b.segmentBytes);
    // FIN and PSH are about the end of the data; CWR is said once (RFC 3168 section 6.1.2).
    int drop = first + segments < b.segments() ? Tcp.FIN | Tcp.PSH : 0;
    drop |= first > 0 ? Tcp.CWR : 0;
    m.put(at + 13, (byte) (Tcp.flags(m, at) & ~drop));
  }

  /**
   * Makes a burst the view of what was written; valid while the memory is unchanged.
   *
   * @param address native address of the memory's index 0, or 0 when it has none
   */
  public static void read(ByteBuffer memory, long address, int at, Burst into) {
    int flags = memory.get(at + 14);
    into.buffer = memory;
    into.address = address;
    into.start = at + PREFIX_BYTES;
    into.transport = into.start + memory.getShort(at);
    into.payload = into.start + memory.getShort(at + 2);
    into.payloadBytes = memory.getInt(at + 4);
    into.segmentBytes = memory.getInt(at + 8);
    into.version = memory.get(at + 12);
    into.protocol = memory.get(at + 13) & 0xff;
    into.fragment = (flags & FRAGMENT) != 0;
    into.laterFragment = (flags & LATER_FRAGMENT) != 0;
    into.partialChecksum = (flags & PARTIAL_CHECKSUM) != 0;
    into.pieces = 1;
    into.pieceStart[0] = into.payload;
    into.pieceBytes[0] = into.payloadBytes;
    if (into.partialChecksum) {
      Transport.putPartialChecksum(into); // it has the length in it
    }
  }
}
