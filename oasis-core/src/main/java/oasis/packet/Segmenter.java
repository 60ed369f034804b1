// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * Late segmentation: makes the packets of a burst. Each packet's headers are written to an arena,
 * complete with lengths and checksums; its payload stays where it is. A burst of more than {@link
 * #ROUND} segments takes several rounds:
 *
 * <pre>{@code
 * for (int first = 0; first < burst.segments(); first += n) {
 *   n = segmenter.segment(burst, first);
 *   … send n packets …
 * }
 * }</pre>
 *
 * <p>A single packet with a complete checksum is copied as it is: a checksum that was broken on the
 * way stays broken. Confined to its owner's thread.
 */
public final class Segmenter {
  /** Most segments made in one round: what one {@code UDP_SEGMENT} send may hold. */
  public static final int ROUND = 64;

  /** Most bytes of IP and transport header together that a checked burst may have. */
  public static final int MAX_HEADER_BYTES = Headers.MAX_BYTES;

  /** Bytes of arena that hold the headers of any round. */
  public static final int ARENA_BYTES = ROUND * MAX_HEADER_BYTES;

  private final ByteBuffer arena;
  private final int[] payloadStart = new int[ROUND];
  private final int[] payloadBytes = new int[ROUND];
  private int arenaAt;
  private int headerBytes;

  /**
   * Makes a segmenter.
   *
   * @param headerArena big-endian memory that the headers are written to; {@link #ARENA_BYTES} for
   *     full rounds
   */
  public Segmenter(ByteBuffer headerArena) {
    arena = headerArena;
  }

  /** {@link #segment(Burst, int, int)} at the beginning of the arena. */
  public int segment(Burst b, int first) {
    return segment(b, first, 0);
  }

  /**
   * Makes packets {@code first}, {@code first + 1}, … of a burst.
   *
   * @param arenaAt index in the arena where their headers go, one behind the other
   * @return how many it made: up to {@link #ROUND}, what the burst has left, and as many as the
   *     arena has room for
   */
  public int segment(Burst b, int first, int arenaAt) {
    this.arenaAt = arenaAt;
    headerBytes = b.headerBytes();
    int segments = b.segments();
    int room = (arena.capacity() - arenaAt) / headerBytes;
    int count = Math.min(Math.min(segments - first, ROUND), room);
    for (int i = 0; i < count; i++) {
      int header = headerStart(i);
      arena.put(header, b.buffer, b.start, headerBytes);
      if (segments == 1) {
        payloadStart[i] = b.pieceStart[0];
        payloadBytes[i] = b.payloadBytes;
      } else {
        place(b, first + i, i);
        writeIp(b, header, first + i, payloadBytes[i]);
        writeTransport(b, header + b.transport - b.start, first + i, payloadBytes[i]);
      }
      if (b.partialChecksum) {
        finishChecksum(b, header, i);
      }
    }
    return count;
  }

  /**
   * Makes one packet of a whole burst, for a link that takes it: its headers go to the arena, its
   * payload stays in the burst's pieces.
   *
   * @param at index in the arena, with room for {@link #MAX_HEADER_BYTES}
   * @return bytes of headers
   */
  public int whole(Burst b, int at) {
    arena.put(at, b.buffer, b.start, b.headerBytes());
    int transport = at + b.transport - b.start;
    int transportHeader = b.payload - b.transport;
    arena.putShort(transport + Transport.checksumOffset(b.protocol), (short) 0);
    long sum = Checksum.pseudo(arena, at, b.protocol, Transport.bytes(b));
    sum = Checksum.sum(arena, transport, transportHeader, sum);
    int behind = 0;
    for (int i = 0; i < b.pieces; i++) {
      int piece = Checksum.fold(Checksum.sum(b.buffer, b.pieceStart[i], b.pieceBytes[i], 0));
      // Behind an odd number of bytes, high and low bytes change places (RFC 1071 section 2).
      sum += (behind & 1) == 0 ? piece : (piece & 0xff) << 8 | piece >>> 8;
      behind += b.pieceBytes[i];
    }
    Transport.putChecksum(arena, transport, b.protocol, sum);
    return b.headerBytes();
  }

  private void place(Burst b, int index, int i) {
    if (b.pieces > 1) {
      payloadStart[i] = b.pieceStart[index];
      payloadBytes[i] = b.pieceBytes[index];
    } else {
      int skip = index * b.segmentBytes;
      payloadStart[i] = b.pieceStart[0] + skip;
      payloadBytes[i] = Math.min(b.segmentBytes, b.payloadBytes - skip);
    }
  }

  private void writeIp(Burst b, int at, int index, int payload) {
    int total = headerBytes + payload;
    if (b.version == 6) {
      arena.putShort(at + 4, (short) (total - Ip.V6_BYTES));
      return;
    }
    long delta =
        Edit.put16(arena, at + 2, total)
            + Edit.put16(arena, at + 4, Ip.id4(arena, at) + index & 0xffff);
    Edit.adjust(arena, at + 10, delta);
  }

  private void writeTransport(Burst b, int at, int index, int payload) {
    if (b.protocol == Ip.UDP) {
      arena.putShort(at + 4, (short) (Udp.BYTES + payload));
      return;
    }
    arena.putInt(at + 4, Tcp.seq(arena, at) + index * b.segmentBytes);
    // FIN and PSH are about the end of the data; CWR is said once (RFC 3168 section 6.1.2).
    int drop = index + 1 < b.segments() ? Tcp.FIN | Tcp.PSH : 0;
    drop |= index > 0 ? Tcp.CWR : 0;
    arena.put(at + 13, (byte) (Tcp.flags(arena, at) & ~drop));
  }

  private void finishChecksum(Burst b, int header, int i) {
    int transport = header + b.transport - b.start;
    int transportHeader = b.payload - b.transport;
    arena.putShort(transport + Transport.checksumOffset(b.protocol), (short) 0);
    long sum = Checksum.pseudo(arena, header, b.protocol, transportHeader + payloadBytes[i]);
    sum = Checksum.sum(arena, transport, transportHeader, sum);
    sum = Checksum.sum(b.buffer, payloadStart[i], payloadBytes[i], sum);
    Transport.putChecksum(arena, transport, b.protocol, sum);
  }

  /** Index in the arena of the headers of the {@code i}th packet of this round. */
  public int headerStart(int i) {
    return arenaAt + i * headerBytes;
  }

  /** Bytes of headers of every packet of this round. */
  public int headerBytes() {
    return headerBytes;
  }

  /** Index in the burst's buffer of the payload of the {@code i}th packet of this round. */
  public int payloadStart(int i) {
    return payloadStart[i];
  }

  /** Payload bytes of the {@code i}th packet of this round. */
  public int payloadBytes(int i) {
    return payloadBytes[i];
  }
}
