// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import oasis.packet.Addresses;
import oasis.packet.Prefix;
import org.jspecify.annotations.Nullable;

/**
 * An immutable set of unsigned 128-bit numbers as sorted, disjoint, non-adjacent ranges: protocol
 * numbers, ports or addresses.
 */
final class Ranges {
  /** All port numbers. */
  static final Ranges PORTS = of(0, 0xffff);

  /** All IPv4 addresses, as IPv4-mapped ones. */
  static final Ranges IPV4 = of(Addresses.V4_PREFIX, Addresses.V4_PREFIX | 0xffff_ffffL);

  /** All IPv6 addresses; the mapped ones among them never occur in packets. */
  static final Ranges IPV6 = between(0, 0, -1, -1);

  /** Without numbers. */
  static final Ranges NONE = new Ranges(new long[0]);

  /** Four longs a range: high and low half of its first and of its last number. */
  private final long[] bounds;

  private Ranges(long[] bounds) {
    this.bounds = bounds;
  }

  /** One range of numbers below 2^64. */
  static Ranges of(long first, long last) {
    return between(0, first, 0, last);
  }

  /** One range, from the number with the first two halves to that with the last two. */
  static Ranges between(long firstHi, long firstLo, long lastHi, long lastLo) {
    return new Ranges(new long[] {firstHi, firstLo, lastHi, lastLo});
  }

  /** The addresses of a block. */
  static Ranges of(Prefix prefix) {
    return between(prefix.hi(), prefix.lo(), prefix.lastHi(), prefix.lastLo());
  }

  /** All numbers of all sets. */
  static Ranges union(List<Ranges> sets) {
    if (sets.size() == 1) {
      return sets.get(0);
    }
    List<long[]> all = new ArrayList<>();
    for (Ranges set : sets) {
      for (int i = 0; i < set.bounds.length; i += 4) {
        all.add(Arrays.copyOfRange(set.bounds, i, i + 4));
      }
    }
    all.sort(Comparator.comparing(range -> range, (a, b) -> compare(a[0], a[1], b[0], b[1])));
    List<long[]> merged = new ArrayList<>();
    for (long[] range : all) {
      long @Nullable [] last = merged.isEmpty() ? null : merged.get(merged.size() - 1);
      if (last == null || isBehind(last, range)) {
        merged.add(range);
      } else if (compare(range[2], range[3], last[2], last[3]) > 0) {
        last[2] = range[2];
        last[3] = range[3];
      }
    }
    return new Ranges(merged.stream().flatMapToLong(Arrays::stream).toArray());
  }

  /** Whether a range begins later than right after another. */
  private static boolean isBehind(long[] before, long[] range) {
    long nextLo = before[3] + 1;
    long nextHi = before[2] + (nextLo == 0 ? 1 : 0);
    boolean wraps = nextLo == 0 && nextHi == 0;
    return !wraps && compare(range[0], range[1], nextHi, nextLo) > 0;
  }

  /** The numbers of both sets. */
  Ranges and(Ranges other) {
    List<Ranges> common = new ArrayList<>();
    int i = 0;
    int j = 0;
    while (i < bounds.length && j < other.bounds.length) {
      long[] b = other.bounds;
      int from = compare(bounds[i], bounds[i + 1], b[j], b[j + 1]) >= 0 ? 0 : 1;
      long firstHi = from == 0 ? bounds[i] : b[j];
      long firstLo = from == 0 ? bounds[i + 1] : b[j + 1];
      boolean mineEnds = compare(bounds[i + 2], bounds[i + 3], b[j + 2], b[j + 3]) <= 0;
      long lastHi = mineEnds ? bounds[i + 2] : b[j + 2];
      long lastLo = mineEnds ? bounds[i + 3] : b[j + 3];
      if (compare(firstHi, firstLo, lastHi, lastLo) <= 0) {
        common.add(between(firstHi, firstLo, lastHi, lastLo));
      }
      if (mineEnds) {
        i += 4;
      } else {
        j += 4;
      }
    }
    return union(common);
  }

  /** The numbers of a universe that are not in this set. */
  Ranges not(Ranges universe) {
    List<Ranges> gaps = new ArrayList<>();
    long nextHi = 0;
    long nextLo = 0;
    boolean open = true;
    for (int i = 0; i < bounds.length; i += 4) {
      if (compare(nextHi, nextLo, bounds[i], bounds[i + 1]) < 0) {
        long lastLo = bounds[i + 1] - 1;
        long lastHi = bounds[i] - (bounds[i + 1] == 0 ? 1 : 0);
        gaps.add(between(nextHi, nextLo, lastHi, lastLo));
      }
      nextLo = bounds[i + 3] + 1;
      nextHi = bounds[i + 2] + (nextLo == 0 ? 1 : 0);
      open = nextHi != 0 || nextLo != 0;
    }
    if (open) {
      gaps.add(between(nextHi, nextLo, -1, -1));
    }
    return union(gaps).and(universe);
  }

  /** Whether a number is in the set; allocates nothing. */
  boolean contains(long hi, long lo) {
    int low = 0;
    int high = bounds.length / 4 - 1;
    while (low <= high) {
      int middle = low + high >>> 1;
      int at = middle * 4;
      if (compare(hi, lo, bounds[at], bounds[at + 1]) < 0) {
        high = middle - 1;
      } else if (compare(hi, lo, bounds[at + 2], bounds[at + 3]) > 0) {
        low = middle + 1;
      } else {
        return true;
      }
    }
    return false;
  }

  /** Whether some number is in both sets. */
  boolean overlaps(Ranges other) {
    int i = 0;
    int j = 0;
    while (i < bounds.length && j < other.bounds.length) {
      long[] b = other.bounds;
      if (compare(bounds[i + 2], bounds[i + 3], b[j], b[j + 1]) < 0) {
        i += 4;
      } else if (compare(b[j + 2], b[j + 3], bounds[i], bounds[i + 1]) < 0) {
        j += 4;
      } else {
        return true;
      }
    }
    return false;
  }

  /** Whether every number of the other set is in this one. */
  boolean containsAll(Ranges other) {
    return and(other).equals(other);
  }

  /** Number of ranges. */
  int count() {
    return bounds.length / 4;
  }

  /** The range with an index as a set of its own. */
  Ranges range(int index) {
    return new Ranges(Arrays.copyOfRange(bounds, index * 4, index * 4 + 4));
  }

  boolean isEmpty() {
    return bounds.length == 0;
  }

  /** High half of the smallest number; the set is not empty. */
  long firstHi() {
    return bounds[0];
  }

  /** Low half of the smallest number. */
  long firstLo() {
    return bounds[1];
  }

  /** High half of the largest number. */
  long lastHi() {
    return bounds[bounds.length - 2];
  }

  /** Low half of the largest number. */
  long lastLo() {
    return bounds[bounds.length - 1];
  }

  /** Compares unsigned 128-bit numbers. */
  static int compare(long aHi, long aLo, long bHi, long bLo) {
    return aHi != bHi ? Long.compareUnsigned(aHi, bHi) : Long.compareUnsigned(aLo, bLo);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Ranges ranges && Arrays.equals(bounds, ranges.bounds);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bounds);
  }
}
