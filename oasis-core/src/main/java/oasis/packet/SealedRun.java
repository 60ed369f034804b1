// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * Takes a run of datagrams, as {@code UDP_GRO} hands them over, apart into parts that are alike:
 * packets of one sender, one behind the other, with a trailer each or without; a keep-alive; a
 * datagram that is refused. Each datagram's trailer is checked once. Confined to its owner's
 * thread.
 */
public final class SealedRun {
  /** Says whose datagram one is. */
  public interface Opener {
    /** Result: no trailer. */
    int PLAIN = 0;

    /** The number of the key that seals it, {@link #PLAIN}, or a {@link #refused refusal}. */
    int open(ByteBuffer b, int at, int bytes);

    /** The result for a refused datagram; negative. */
    @SuppressWarnings("EnumOrdinal") // An object for each result would be garbage.
    static int refused(DropReason why) {
      return -1 - why.ordinal();
    }
  }

  private static final DropReason[] REASONS = DropReason.values();

  private final Opener opener;
  private ByteBuffer memory = ByteBuffer.allocate(0);
  private int each;
  private int end;
  private int at;
  private int next; // the verdict on the datagram at this index, once it is known
  private boolean ahead;
  private int start;
  private int verdict;
  private boolean keepAlive;

  public SealedRun(Opener opener) {
    this.opener = opener;
  }

  /**
   * Begins a run.
   *
   * @param memory big-endian buffer
   * @param first index of the first datagram
   * @param bytes length of the whole run, at least 1
   * @param datagramBytes length of each datagram but the last, which may be shorter
   */
  public void begin(ByteBuffer memory, int first, int bytes, int datagramBytes) {
    this.memory = memory;
    at = first;
    end = first + bytes;
    each = datagramBytes;
    ahead = false;
  }

  /** Finds the next part; false at the end of the run. */
  public boolean next() {
    if (at >= end) {
      return false;
    }
    start = at;
    verdict = look();
    keepAlive = verdict > 0 && bytesAt(at) == Trailer.BYTES;
    advance();
    boolean alone = keepAlive || verdict < 0;
    while (!alone && at < end && look() == verdict && bytesAt(at) > Trailer.BYTES) {
      advance();
    }
    return true;
  }

  /** The verdict on the datagram at {@link #at}, found out once. */
  private int look() {
    if (!ahead) {
      next = opener.open(memory, at, bytesAt(at));
      ahead = true;
    }
    return next;
  }

  private void advance() {
    at += bytesAt(at);
    ahead = false;
  }

  private int bytesAt(int index) {
    return Math.min(each, end - index);
  }

  /** Index of the part's first byte. */
  public int start() {
    return start;
  }

  /** Bytes of the part, trailers included. */
  public int bytes() {
    return at - start;
  }

  /** Bytes of each of its datagrams but the last. */
  public int datagramBytes() {
    return Math.min(each, at - start);
  }

  /** Bytes behind each of its packets. */
  public int trailerBytes() {
    return verdict > 0 ? Trailer.BYTES : 0;
  }

  /** Datagrams of the part. */
  public int datagrams() {
    return (at - start + each - 1) / each;
  }

  /** Number of the key that sealed it, 0 without one. Not for what is {@link #refused}. */
  public int keyId() {
    return verdict;
  }

  /** Whether the part is one datagram without a packet. */
  public boolean isKeepAlive() {
    return keepAlive;
  }

  /** Whether the part is one datagram that is dropped. */
  public boolean isRefused() {
    return verdict < 0;
  }

  /** Why it is dropped. */
  public DropReason refused() {
    return REASONS[-1 - verdict];
  }
}
