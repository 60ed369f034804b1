// SPDX-License-Identifier: Apache-2.0
package oasis.link;

import java.util.Arrays;

/**
 * Gives out runs of blocks of a memory that lies elsewhere: a binary buddy allocator (Knowlton, "A
 * fast storage allocator", CACM 1965). A run is 1, 2, 4, … {@link #LARGEST} blocks long and begins
 * at a multiple of its length. Both calls take a bounded number of steps; nothing is allocated.
 *
 * <p>Confined to one thread.
 */
final class BlockArena {
  /** Blocks of the longest run; an arena is a whole number of them. */
  static final int LARGEST = 64;

  private static final int NONE = -1;
  private static final int ORDERS = Integer.numberOfTrailingZeros(LARGEST) + 1;

  // Of each block: whether a free or a taken run begins there, and its order.
  private static final byte INSIDE = -1;
  private final byte[] free;
  private final byte[] taken;
  private final int[] next;
  private final int[] previous;
  private final int[] first = new int[ORDERS];
  private int freeBlocks;

  /**
   * An arena of which nothing is taken.
   *
   * @param runs how many runs of the largest kind it holds
   */
  BlockArena(int runs) {
    int blocks = runs * LARGEST;
    free = new byte[blocks];
    taken = new byte[blocks];
    next = new int[blocks];
    previous = new int[blocks];
    Arrays.fill(free, INSIDE);
    Arrays.fill(taken, INSIDE);
    Arrays.fill(first, NONE);
    for (int i = runs - 1; i >= 0; i--) {
      list(i * LARGEST, ORDERS - 1);
    }
    freeBlocks = blocks;
  }

  /** Blocks that a run of at least so many takes. */
  static int runOf(int blocks) {
    return blocks <= 1 ? 1 : Integer.highestOneBit(blocks - 1) << 1;
  }

  /** All blocks. */
  int blocks() {
    return free.length;
  }

  /** Blocks that are not taken. */
  int freeBlocks() {
    return freeBlocks;
  }

  /**
   * Takes a run.
   *
   * @param blocks its least length, 1 to {@link #LARGEST}
   * @return its first block, or -1 when no run is long enough
   */
  int take(int blocks) {
    int order = Integer.numberOfTrailingZeros(runOf(blocks));
    int found = order;
    while (found < ORDERS && first[found] == NONE) {
      found++;
    }
    if (found == ORDERS) {
      return NONE;
    }
    int at = first[found];
    unlist(at, found);
    while (found > order) {
      found--;
      list(at + (1 << found), found);
    }
    taken[at] = (byte) order;
    freeBlocks -= 1 << order;
    return at;
  }

  /** Blocks of the run that was taken at a block. */
  int length(int at) {
    return 1 << taken[at];
  }

  /** Gives a run back by its first block. */
  void give(int at) {
    int order = taken[at];
    if (order < 0) {
      throw new IllegalStateException("no run begins at block " + at);
    }
    taken[at] = INSIDE;
    freeBlocks += 1 << order;
    int run = at;
    while (order < ORDERS - 1 && free[run ^ 1 << order] == order) {
      int buddy = run ^ 1 << order;
      unlist(buddy, order);
      run = Math.min(run, buddy);
      order++;
    }
    list(run, order);
  }

  private void list(int at, int order) {
    free[at] = (byte) order;
    previous[at] = NONE;
    next[at] = first[order];
    if (first[order] != NONE) {
      previous[first[order]] = at;
    }
    first[order] = at;
  }

  private void unlist(int at, int order) {
    free[at] = INSIDE;
    if (previous[at] == NONE) {
      first[order] = next[at];
    } else {
      next[previous[at]] = next[at];
    }
    if (next[at] != NONE) {
      previous[next[at]] = previous[at];
    }
  }
}
