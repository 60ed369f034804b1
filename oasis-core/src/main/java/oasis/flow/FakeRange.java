// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.util.Arrays;
import oasis.packet.Prefix;

/**
 * The addresses of a {@link FakePool}'s range by their offset from the first one that is given out,
 * and the entry that each means. Memory grows by pages with the addresses in use. Confined to one
 * thread.
 */
final class FakeRange {
  static final int NONE = -1;

  /** Network address and the TUN's own are in front of the first fake. */
  private static final int RESERVED_FIRST = 2;

  private static final int RESERVED = 3;
  private static final int PAGE_BITS = 8;
  private static final int PAGE_MASK = (1 << PAGE_BITS) - 1;

  private final Prefix range;
  private final long first;
  private final int capacity;

  /** Entry + 1 by offset, in pages. */
  private final int[][] entries;

  /** Where the next address that means nothing is looked for. */
  private int next;

  FakeRange(Prefix range, long seed) {
    int most = range.isV4() ? 29 : 125;
    if (range.bits() < 8 || range.bits() > most) {
      throw new IllegalArgumentException("fake range must have 8 to " + most + " bits: " + range);
    }
    this.range = range;
    first = range.lo() + RESERVED_FIRST;
    capacity = usable(range) - RESERVED;
    entries = new int[(capacity - 1 >> PAGE_BITS) + 1][];
    Arrays.fill(entries, new int[0]);
    next = (int) Long.remainderUnsigned(new KeyedHash(seed).of(0), capacity);
  }

  /** Addresses of the range that are used, reserved ones included. */
  private static int usable(Prefix range) {
    if (range.isV4()) {
      return 1 << 32 - range.bits();
    }
    return range.bits() <= 111 ? FakePool.MAX_FAKES6 : 1 << 128 - range.bits();
  }

  /** Addresses that can be given out. */
  int capacity() {
    return capacity;
  }

  /** Upper half of all of them. */
  long hi() {
    return range.hi();
  }

  /** Lower half of the one at an offset. */
  long lo(int offset) {
    return first + offset;
  }

  /** Whether an address lies in the range, given out or not. */
  boolean contains(long hi, long lo) {
    return range.contains(hi, lo);
  }

  /** The offset of an address, or {@link #NONE} when it is none to be given out. */
  int offset(long hi, long lo) {
    long offset = lo - first;
    return hi != range.hi() || offset < 0 || offset >= capacity ? NONE : (int) offset;
  }

  /** The entry that the address at an offset means, or {@link #NONE}. */
  int entry(int offset) {
    int[] page = entries[offset >> PAGE_BITS];
    return page.length == 0 ? NONE : page[offset & PAGE_MASK] - 1;
  }

  /** Lets an address mean an entry. */
  void put(int offset, int entry) {
    int page = offset >> PAGE_BITS;
    if (entries[page].length == 0) {
      entries[page] = new int[1 << PAGE_BITS];
    }
    entries[page][offset & PAGE_MASK] = entry + 1;
  }

  /**
   * The offset of an address that means nothing; there must be one. Each lies behind the one
   * before, so the walk over used ones is short.
   */
  int unused() {
    while (entry(next) != NONE) {
      next = (next + 1) % capacity;
    }
    return next;
  }
}
