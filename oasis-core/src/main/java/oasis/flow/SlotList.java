// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.util.Arrays;

/**
 * Doubly linked lists of slot numbers in a few arrays, which grow with the highest slot and the
 * highest list. A slot is in one list at most. Confined to one thread.
 */
public final class SlotList {
  private static final int NONE = -1;

  /** A slot that is in no list. */
  private static final int ABSENT = -2;

  private int[] next = new int[0];
  private int[] previous = new int[0];

  // Per list.
  private int[] first;
  private int[] last;

  /** One empty list, number 0. */
  public SlotList() {
    this(1);
  }

  /** Empty lists, numbered from 0; more come when they are needed. */
  public SlotList(int lists) {
    first = new int[lists];
    last = new int[lists];
    Arrays.fill(first, NONE);
    Arrays.fill(last, NONE);
  }

  /** The slot added to list 0 first, or -1. */
  public int first() {
    return first[0];
  }

  /** The slot added to a list first, or -1. */
  public int first(int list) {
    return list < first.length ? first[list] : NONE;
  }

  /** The slot behind a listed one, or -1. */
  public int after(int slot) {
    return next[slot];
  }

  /** Whether a slot is in a list. */
  public boolean contains(int slot) {
    return slot < next.length && next[slot] != ABSENT;
  }

  /** Adds a slot, which must not be listed, at the end of list 0. */
  public void addLast(int slot) {
    addLast(0, slot);
  }

  /** Adds a slot, which must not be listed, at the end of a list. */
  public void addLast(int list, int slot) {
    if (list >= first.length) {
      int length = Math.max(16, Integer.highestOneBit(list) << 1);
      first = grown(first, length, NONE);
      last = grown(last, length, NONE);
    }
    if (slot >= next.length) {
      int length = Math.max(16, Integer.highestOneBit(slot) << 1);
      next = grown(next, length, ABSENT);
      previous = grown(previous, length, ABSENT);
    }
    next[slot] = NONE;
    previous[slot] = last[list];
    if (last[list] == NONE) {
      first[list] = slot;
    } else {
      next[last[list]] = slot;
    }
    last[list] = slot;
  }

  private static int[] grown(int[] array, int length, int fill) {
    int[] grown = Arrays.copyOf(array, length);
    Arrays.fill(grown, array.length, length, fill);
    return grown;
  }

  /** Takes a slot out of list 0, which it must be in. */
  public void remove(int slot) {
    remove(0, slot);
  }

  /** Takes a slot out of a list, which it must be in. */
  public void remove(int list, int slot) {
    int before = previous[slot];
    int after = next[slot];
    if (before == NONE) {
      first[list] = after;
    } else {
      next[before] = after;
    }
    if (after == NONE) {
      last[list] = before;
    } else {
      previous[after] = before;
    }
    next[slot] = ABSENT;
  }
}
