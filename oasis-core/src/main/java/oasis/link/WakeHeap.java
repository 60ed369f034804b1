// SPDX-License-Identifier: Apache-2.0
package oasis.link;

import java.util.Arrays;

/**
 * A binary heap of numbers, each with the time at which it wants to be woken, which is compared as
 * a difference: the clock may wrap around. It grows with what it has to hold. Confined to one
 * thread.
 */
final class WakeHeap {
  private int[] items = new int[16];
  private long[] times = new long[16];
  private int size;

  boolean isEmpty() {
    return size == 0;
  }

  /** The earliest time; the heap must not be empty. */
  long firstNs() {
    return times[0];
  }

  /** Adds a number that is not there. */
  void add(int item, long ns) {
    if (size == items.length) {
      items = Arrays.copyOf(items, 2 * size);
      times = Arrays.copyOf(times, 2 * size);
    }
    int at = size++;
    for (int up = (at - 1) >> 1; at > 0 && ns - times[up] < 0; up = (at - 1) >> 1) {
      place(at, items[up], times[up]);
      at = up;
    }
    place(at, item, ns);
  }

  /** Takes out the number of the earliest time. */
  int remove() {
    int first = items[0];
    size--;
    int item = items[size];
    long ns = times[size];
    int at = 0;
    for (int down = 1; down < size; down = 2 * at + 1) {
      if (down + 1 < size && times[down + 1] - times[down] < 0) {
        down++;
      }
      if (times[down] - ns >= 0) {
        break;
      }
      place(at, items[down], times[down]);
      at = down;
    }
    if (size > 0) {
      place(at, item, ns);
    }
    return first;
  }

  private void place(int at, int item, long ns) {
    items[at] = item;
    times[at] = ns;
  }
}
