// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import java.util.Arrays;

/**
 * Numbers by hash, in two flat arrays of a size that never changes. Hashes of 64 bits stand for
 * what was hashed: two different things have the same once in many millions of runs.
 */
final class Counts {
  private final long[] hashes;
  private final long[] numbers;
  private final int most;
  private int size;

  /** Room for {@code 3/4 * 2^bits} hashes. */
  Counts(int bits) {
    hashes = new long[1 << bits];
    numbers = new long[1 << bits];
    most = (1 << bits) / 4 * 3;
  }

  private int slot(long hash) {
    int mask = hashes.length - 1;
    int i = (int) (hash ^ hash >>> 32) & mask;
    while (hashes[i] != 0 && hashes[i] != hash) {
      i = (i + 1) & mask;
    }
    return i;
  }

  private static long key(long hash) {
    return hash == 0 ? 1 : hash;
  }

  /** The number of a hash, 0 for one that is not there. */
  long get(long hash) {
    return numbers[slot(key(hash))];
  }

  /**
   * Sets the number of a hash.
   *
   * @throws IllegalStateException when there is no room for it
   */
  void put(long hash, long number) {
    int slot = slot(key(hash));
    if (hashes[slot] == 0) {
      if (size == most) {
        throw new IllegalStateException("the oracle's memory is full");
      }
      hashes[slot] = key(hash);
      size++;
    }
    numbers[slot] = number;
  }

  /** Adds one to the number of a hash. */
  void count(long hash) {
    put(hash, get(hash) + 1);
  }

  /** Forgets all. */
  void clear() {
    Arrays.fill(hashes, 0);
    Arrays.fill(numbers, 0);
    size = 0;
  }

  int size() {
    return size;
  }
}
