// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.util.Arrays;

/**
 * One deadline per slot number, exact to the nanosecond, for millions of slots: a hierarchical
 * timing wheel (Varghese and Lauck, scheme 7) of eleven levels of 64 buckets. A slot lies at the
 * level of the highest 6-bit digit in which its deadline differs from the wheel's time, in the
 * bucket of that digit; when the time reaches the bucket, its slots move to lower levels or expire.
 * Schedule and cancel are O(1); a slot moves at most ten times in its life.
 *
 * <p>Flows that are busy need not be rescheduled for each packet: note when the flow was last seen,
 * and when its slot expires, compare and schedule anew.
 *
 * <p>Memory grows with the highest slot scheduled; nothing else is allocated. Confined to one
 * thread.
 */
public final class TimerWheel {
  /** Most slots that one {@link #poll} moves to a lower level. */
  private static final int MOVES_PER_POLL = 128;

  private static final int DIGIT_BITS = 6;
  private static final int BUCKETS = 1 << DIGIT_BITS;
  private static final int LEVELS = 11;
  private static final int NONE = -1;

  private final int capacity;
  private final int[] heads = new int[LEVELS * BUCKETS];

  /** Per level: bit per bucket that is not empty. */
  private final long[] filled = new long[LEVELS];

  private long[] deadlines = new long[0];
  private int[] next = new int[0];
  private int[] previous = new int[0];

  /** Per slot: bucket it lies in, over all levels, or {@link #NONE}. */
  private short[] buckets = new short[0];

  /** Wheel time, with the sign bit flipped so that unsigned order is the order of time. */
  private long time;

  /** Bucket whose slots are being moved down, or {@link #NONE}. */
  private int moving = NONE;

  private int size;

  /** An empty wheel for slots 0 to {@code capacity - 1}. */
  public TimerWheel(int capacity) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity must be positive: " + capacity);
    }
    this.capacity = capacity;
    Arrays.fill(heads, NONE);
  }

  /** Sets or replaces the deadline of a slot. One in the past expires at the next poll. */
  public void schedule(int slot, long deadlineNs) {
    if (slot >= buckets.length) {
      grow(slot);
    }
    if (buckets[slot] != NONE) {
      unlink(slot);
    }
    deadlines[slot] = deadlineNs;
    link(slot);
  }

  /** Forgets the deadline of a slot, if it has one. */
  public void cancel(int slot) {
    if (scheduled(slot)) {
      unlink(slot);
    }
  }

  /** Whether a slot has a deadline. */
  public boolean scheduled(int slot) {
    return slot < buckets.length && buckets[slot] != NONE;
  }

  /** The deadline of a scheduled slot. */
  public long deadlineNs(int slot) {
    if (!scheduled(slot)) {
      throw new IllegalArgumentException("not scheduled: slot " + slot);
    }
    return deadlines[slot];
  }

  /** Number of slots with a deadline. */
  public int size() {
    return size;
  }

  /**
   * Takes out one slot whose deadline is not after {@code nowNs}; in no certain order. The work of
   * one call is bounded, so -1 means "no more for now": more may be due while {@link
   * #nextDeadlineNs()} is not after {@code nowNs}, and each call makes progress.
   *
   * @return the slot, which has no deadline any more, or -1
   */
  public int poll(long nowNs) {
    long now = nowNs ^ Long.MIN_VALUE;
    for (int moves = 0; moves < MOVES_PER_POLL; moves++) {
      int bucket = dueBucket(now);
      if (bucket == NONE) {
        // Nothing begins before now: to advance keeps every slot at its level.
        if (Long.compareUnsigned(now, time) > 0) {
          time = now;
        }
        return NONE;
      }
      int slot = heads[bucket];
      unlink(slot);
      if (deadlines[slot] <= nowNs) {
        return slot;
      }
      link(slot);
    }
    return NONE;
  }

  /**
   * When {@link #poll} should be called next: never later than the earliest deadline, or than the
   * last poll for deadlines that were past then; possibly earlier. {@code Long.MAX_VALUE} when no
   * slot has a deadline.
   */
  public long nextDeadlineNs() {
    if (size == 0) {
      return Long.MAX_VALUE;
    }
    return (moving != NONE ? time : startOf(firstBucket())) ^ Long.MIN_VALUE;
  }

  /** The bucket to take the next slot from, after moving the time to its start; or NONE. */
  private int dueBucket(long now) {
    if (moving != NONE) {
      return moving;
    }
    if (size == 0) {
      return NONE;
    }
    int bucket = firstBucket();
    long start = startOf(bucket);
    if (Long.compareUnsigned(start, now) > 0) {
      return NONE;
    }
    time = start;
    moving = bucket;
    return bucket;
  }

  /** Lower levels come first: they share more leading digits with the time. */
  private int firstBucket() {
    int level = 0;
    while (filled[level] == 0) {
      level++;
    }
    return level << DIGIT_BITS | Long.numberOfTrailingZeros(filled[level]);
  }

  private long startOf(int bucket) {
    int shift = (bucket >>> DIGIT_BITS) * DIGIT_BITS;
    // The top level has four bits only, so the mask of higher digits is empty there.
    long higher = shift + DIGIT_BITS >= Long.SIZE ? 0 : -1L << shift + DIGIT_BITS;
    return time & higher | (long) (bucket & BUCKETS - 1) << shift;
  }

  private void link(int slot) {
    long key = deadlines[slot] ^ Long.MIN_VALUE;
    if (Long.compareUnsigned(key, time) < 0) {
      key = time;
    }
    long differs = key ^ time;
    int level = differs == 0 ? 0 : (63 - Long.numberOfLeadingZeros(differs)) / DIGIT_BITS;
    int digit = (int) (key >>> level * DIGIT_BITS) & BUCKETS - 1;
    int bucket = level << DIGIT_BITS | digit;
    int head = heads[bucket];
    next[slot] = head;
    previous[slot] = NONE;
    if (head != NONE) {
      previous[head] = slot;
    }
    heads[bucket] = slot;
    buckets[slot] = (short) bucket;
    filled[level] |= 1L << digit;
    size++;
  }

  private void unlink(int slot) {
    int bucket = buckets[slot];
    int before = previous[slot];
    int after = next[slot];
    if (before != NONE) {
      next[before] = after;
    } else {
      heads[bucket] = after;
      if (after == NONE) {
        filled[bucket >>> DIGIT_BITS] &= ~(1L << (bucket & BUCKETS - 1));
        if (moving == bucket) {
          moving = NONE;
        }
      }
    }
    if (after != NONE) {
      previous[after] = before;
    }
    buckets[slot] = NONE;
    size--;
  }

  private void grow(int slot) {
    if (slot >= capacity) {
      throw new IllegalArgumentException("slot " + slot + " of " + capacity);
    }
    int old = buckets.length;
    int length = Math.min(capacity, Math.max(16, Integer.highestOneBit(slot) << 1));
    deadlines = Arrays.copyOf(deadlines, length);
    next = Arrays.copyOf(next, length);
    previous = Arrays.copyOf(previous, length);
    buckets = Arrays.copyOf(buckets, length);
    Arrays.fill(buckets, old, length, (short) NONE);
  }
}
