// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.util.Arrays;

/**
 * Which counters have been seen, so that a datagram is taken once only: the window of RFC 6479, a
 * ring of blocks of bits that is cleared a block at a time as it moves. Counters are unsigned.
 * Confined to its owner's thread.
 */
final class ReplayWindow {
  /** So far behind the highest counter a datagram may be; one that is late is still taken. */
  static final int SPAN = 8_128;

  private static final int BLOCK_BITS = Long.SIZE;

  /** One block more than the span: the newest one is filled only in part. */
  private static final int BLOCKS = SPAN / BLOCK_BITS + 1;

  /** What {@link #words} gives. */
  static final int WORDS = BLOCKS + 1;

  private final long[] bits;
  private long highest;

  ReplayWindow() {
    bits = new long[BLOCKS];
  }

  /** One that has taken what another one had when it gave these words. */
  ReplayWindow(long[] words) {
    bits = Arrays.copyOf(words, BLOCKS);
    highest = words[BLOCKS];
  }

  /** All of it. */
  long[] words() {
    long[] words = Arrays.copyOf(bits, WORDS);
    words[BLOCKS] = highest;
    return words;
  }

  /** Takes a counter; false when it was taken before or is too old to tell. */
  boolean take(long counter) {
    if (Long.compareUnsigned(counter, highest) > 0) {
      forward(counter);
    } else if (Long.compareUnsigned(highest - counter, SPAN) >= 0) {
      return false;
    }
    int block = block(counter >>> 6);
    long bit = 1L << counter;
    if ((bits[block] & bit) != 0) {
      return false;
    }
    bits[block] |= bit;
    return true;
  }

  private void forward(long counter) {
    long from = highest >>> 6;
    long blocks = Math.min((counter >>> 6) - from, BLOCKS);
    for (long i = 1; i <= blocks; i++) {
      bits[block(from + i)] = 0;
    }
    highest = counter;
  }

  private static int block(long number) {
    return (int) (number & BLOCKS - 1);
  }
}
