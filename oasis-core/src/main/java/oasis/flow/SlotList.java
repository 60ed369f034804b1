// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.util.Arrays;

/**
 * A doubly linked list of slot numbers in two arrays, which grow with the highest slot. Confined to
 * one thread.
 */
public final class SlotList {
  private static final int NONE = -1;

  /** A slot that is not in the list. */
  private static final int ABSENT = -2;

  private int[] next = new int[0];
  private int[] previous = new int[0];
  private int first = NONE;
  private int last = NONE;

  /** The slot added first, or -1. */
  public int first() {
    return first;
  }

  /** The slot behind a listed one, or -1. */
  public int after(int slot) {
    return next[slot];
  }

  /** Whether a slot is listed. */
  public boolean contains(int slot) {
    return slot < next.length && next[slot] != ABSENT;
  }

  /** Adds a slot at the end; it must not be listed. */
  public void addLast(int slot) {
    if (slot >= next.length) {
      int old = next.length;
      int length = Math.max(16, Integer.highestOneBit(slot) << 1);
      next = Arrays.copyOf(next, length);
      previous = Arrays.copyOf(previous, length);
      Arrays.fill(next, old, length, ABSENT);
    }
    next[slot] = NONE;
    previous[slot] = last;
    if (last == NONE) {
      first = slot;
    } else {
      next[last] = slot;
    }
    last = slot;
  }

  /** Takes a slot out; it must be listed. */
  public void remove(int slot) {
    int before = previous[slot];
    int after = next[slot];
    if (before == NONE) {
      first = after;
    } else {
      next[before] = after;
    }
    if (after == NONE) {
      last = before;
    } else {
      previous[after] = before;
    }
    next[slot] = ABSENT;
  }
}
