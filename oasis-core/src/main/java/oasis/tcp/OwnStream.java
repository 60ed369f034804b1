// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import java.util.Arrays;

/**
 * Bytes that the port itself must bring to one end of a connection, because it wrote them or has
 * acknowledged them to the other end: sent within the peer's window, again after a time-out or
 * three duplicate acknowledgments, until the peer has them (RFC 9293 section 3.8, RFC 6298, RFC
 * 5681 as far as some dozens of segments need them). Positions are offsets from the first byte; a
 * FIN at the end counts as one.
 */
final class OwnStream {
  static final long NEVER = Long.MAX_VALUE;

  private static final byte[] NOTHING = new byte[0];
  private static final int INITIAL_SEGMENTS = 10; // RFC 6928
  private static final int FAST_RETRANSMIT = 3;
  private static final int MAX_TRIES = 8;
  private static final int MOST_BEHIND = 1 << 29;
  private static final long LEAST_TIMEOUT_NS = 200_000_000L;
  private static final long FIRST_TIMEOUT_NS = 1_000_000_000L;
  private static final long MOST_TIMEOUT_NS = 16_000_000_000L;

  private byte[] data = NOTHING;
  private int length;
  private boolean fin;
  private int base;
  private int least;
  private int acked;
  private int sent;
  private int highest;
  private int edge;
  private int edgeOfPeer;
  private int segment = 1;
  private int congestionWindow;
  private long firstTimeoutNs = FIRST_TIMEOUT_NS;
  private long timeoutNs = FIRST_TIMEOUT_NS;
  private long dueNs = NEVER;
  private int tries;
  private int duplicates;

  /** Adds bytes, before {@link #begin}. Returns by how much the memory that it holds grew. */
  int append(byte[] more, int from, int bytes) {
    int before = data.length;
    if (length + bytes > data.length) {
      data = Arrays.copyOf(data, Math.max(length + bytes, Math.min(2 * length, 1 << 16)));
    }
    System.arraycopy(more, from, data, length, bytes);
    length += bytes;
    return data.length - before;
  }

  /** Ends the stream with a FIN, before {@link #begin}. */
  void finish() {
    fin = true;
  }

  /**
   * Begins to send.
   *
   * @param firstSequence sequence number of the first byte
   * @param maxSegment most bytes of a segment
   * @param window bytes that the peer takes at first
   * @param roundTripNs time that the peer's last answer took, 0 when it is not known
   */
  void begin(int firstSequence, int maxSegment, int window, long roundTripNs) {
    base = firstSequence;
    least = end();
    segment = maxSegment;
    edge = window;
    edgeOfPeer = window;
    congestionWindow = INITIAL_SEGMENTS * maxSegment;
    firstTimeoutNs =
        roundTripNs == 0 ? FIRST_TIMEOUT_NS : Math.max(LEAST_TIMEOUT_NS, 3 * roundTripNs);
    timeoutNs = firstTimeoutNs;
  }

  /** Makes segments smaller: the path takes no longer ones. */
  void limitSegments(int most) {
    if (most < segment) {
      segment = most;
      again();
    }
  }

  /** Whether the peer has everything. */
  boolean done() {
    return acked == total();
  }

  /** Whether the peer has not answered any of the tries. */
  boolean failed() {
    return tries > MAX_TRIES;
  }

  /** Bytes and FIN together. */
  int total() {
    return length + (fin ? 1 : 0);
  }

  /**
   * What an acknowledgment says to whom the bytes are hidden from: they count as acknowledged.
   *
   * @param ack the peer's acknowledgment number, at most a GiB behind its highest
   */
  int acknowledged(int ack) {
    if (ack - least < 0) {
      return least;
    }
    if (ack - least > MOST_BEHIND) {
      least = ack - MOST_BEHIND; // numbers can be compared over 2 GiB only
    }
    return ack;
  }

  /** Sequence number behind everything. */
  int end() {
    return base + total();
  }

  /** Sequence number of the first byte that the peer does not have. */
  int first() {
    return base + acked;
  }

  /** Sequence number of the next byte to be sent. */
  int next() {
    return base + sent;
  }

  /**
   * Sequence number of a segment without bytes: in the peer's window, whatever was tried behind it.
   */
  int nextEmpty() {
    return base + Math.min(sent, edgeOfPeer);
  }

  /** Bytes of memory. */
  int heldBytes() {
    return data.length;
  }

  /** Forgets the bytes, which the peer has. Returns how much memory that frees. */
  int release() {
    int bytes = data.length;
    data = NOTHING;
    return bytes;
  }

  /** When the time-out is over; {@link #NEVER} without one. */
  long dueNs() {
    return dueNs;
  }

  /**
   * The peer acknowledged something.
   *
   * @param ack its acknowledgment number
   * @param window bytes that it takes from there
   * @param bare whether the segment carried nothing else
   * @return false when that was never sent
   */
  boolean onAck(int ack, int window, boolean bare, long nowNs) {
    int offset = ack - base;
    if (offset > highest) {
      return false;
    }
    if (offset < acked) {
      return true; // an old one
    }
    edge = offset + window;
    edgeOfPeer = edge;
    if (offset > acked) {
      congestionWindow = Math.min(congestionWindow + offset - acked, 1 << 20);
      acked = offset;
      sent = Math.max(sent, acked);
      duplicates = 0;
      tries = 0;
      timeoutNs = firstTimeoutNs;
      dueNs = done() ? NEVER : nowNs + timeoutNs;
      return true;
    }
    if (window == 0) {
      tries = 0; // it is there, and says so as often as it is asked (RFC 9293 section 3.8.6.1)
    }
    if (bare && acked < highest && ++duplicates == FAST_RETRANSMIT) {
      again();
    }
    return true;
  }

  private void again() {
    sent = acked;
    congestionWindow = segment;
  }

  /** Goes back to what is not acknowledged, when the time-out is over. */
  void onTimer(long nowNs) {
    if (dueNs != NEVER && dueNs - nowNs <= 0) {
      tries++;
      timeoutNs = Math.min(2 * timeoutNs, MOST_TIMEOUT_NS);
      again();
      duplicates = 0;
      // A closed window is tried with one byte (RFC 9293 section 3.8.6.1).
      edge = Math.max(edge, acked + 1);
      dueNs = nowNs + timeoutNs;
    }
  }

  /** Payload bytes of the next segment that may be sent now, 0 for a bare FIN, or -1 for none. */
  int nextBytes() {
    if (sent >= total()) {
      return -1;
    }
    int limit = Math.min(edge, acked + congestionWindow);
    if (sent < length) {
      int bytes = Math.min(segment, Math.min(length, limit) - sent);
      return bytes > 0 ? bytes : -1;
    }
    return 0;
  }

  /** Whether the next segment of so many bytes carries the FIN. */
  boolean ends(int bytes) {
    return fin && sent + bytes == length;
  }

  /** Whether the next segment of so many bytes is the last. */
  boolean isLast(int bytes) {
    return sent + bytes == length;
  }

  /** Whether the next segment has been sent before. */
  boolean repeats() {
    return sent < highest;
  }

  /** The bytes; the next segment's begin at {@link #nextAt}. */
  byte[] data() {
    return data;
  }

  /** Offset of the next segment. */
  int nextAt() {
    return sent;
  }

  /** Notes that the next segment has been sent. */
  void onSent(int bytes, long nowNs) {
    sent += bytes + (ends(bytes) ? 1 : 0);
    highest = Math.max(highest, sent);
    if (dueNs == NEVER) {
      dueNs = nowNs + timeoutNs;
    }
  }

  /** Sees to it that a window that is closed is tried now and then. */
  void awaitWindow(long nowNs) {
    if (dueNs == NEVER && !done()) {
      dueNs = nowNs + timeoutNs;
    }
  }
}
