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
 * <p>Confined to its owner's thread.
 */
public final class Segmenter {
  /** Most segments made in one round: what one {@code UDP_SEGMENT} send may hold. */
  public static final int ROUND = 64;

  /** Most bytes of IP and transport header together that a checked burst may have. */
  public static final int MAX_HEADER_BYTES = Headers.MAX_BYTES;

  /** Bytes of arena that hold the headers of any round. */
  public static final int ARENA_BYTES = ROUND * MAX_HEADER_BYTES;

  /**
   * Makes a segmenter.
   *
   * @param headerArena big-endian memory that the headers are written to
   */
  public Segmenter(ByteBuffer headerArena) {}

  /** {@link #segment(Burst, int, int)} at the beginning of the arena. */
  public int segment(Burst b, int first) {
    return segment(b, first, 0);
  }

  /**
   * Makes packets {@code first}, {@code first + 1}, … of a burst.
   *
   * @param arenaAt index in the arena where their headers go, one behind the other
   * @return how many it made: up to {@link #ROUND}, at least 1 when there is room for one header
   */
  public int segment(Burst b, int first, int arenaAt) {
    throw new UnsupportedOperationException("being written");
  }

  /** Index in the arena of the headers of the {@code i}th packet of this round. */
  public int headerStart(int i) {
    throw new UnsupportedOperationException("being written");
  }

  /** Bytes of headers of every packet of this round. */
  public int headerBytes() {
    throw new UnsupportedOperationException("being written");
  }

  /** Index in the burst's buffer of the payload of the {@code i}th packet of this round. */
  public int payloadStart(int i) {
    throw new UnsupportedOperationException("being written");
  }

  /** Payload bytes of the {@code i}th packet of this round. */
  public int payloadBytes(int i) {
    throw new UnsupportedOperationException("being written");
  }
}
