// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.util.Arrays;
import oasis.packet.FlowKey;

/**
 * A hash table from {@link FlowKey} to a slot number. A slot stays the same from {@link #insert} to
 * {@link #remove}, so whoever uses the table keeps what it knows about a flow in arrays indexed by
 * slot. Slots are handed out from 0 upwards and freed ones first, so those arrays may grow with
 * {@link #slots()}.
 *
 * <p>Keys lie five longs each in one array; beside it an open-addressing index (linear probing, at
 * most half full, deletion by shifting back, so no tombstones) holds slot and hash tag. Both start
 * small and double up to the capacity; nothing is allocated but then. The hash is keyed with the
 * seed: whoever does not know it cannot choose flows that collide.
 *
 * <p>Confined to one thread.
 */
public final class FlowTable {
  private static final int MIN_SLOTS = 16;
  private static final int WORDS = 5;

  /** In {@link #nextFree}: the slot holds a key. */
  private static final int USED = -2;

  private static final int NONE = -1;

  private final int capacity;
  private final KeyedHash hash;
  private long[] keys;

  /** Per slot: {@link #USED}, or the next slot of the free list, or {@link #NONE} at its end. */
  private int[] nextFree;

  /** Hash tag in the upper half, slot + 1 in the lower; 0 when empty. */
  private long[] index;

  private int mask;
  private int firstFree = NONE;
  private int slots;
  private int size;

  /**
   * An empty table.
   *
   * @param capacity most keys it will hold, 1 to 2^26
   * @param seed secret of the hash
   */
  public FlowTable(int capacity, long seed) {
    if (capacity < 1 || capacity > 1 << 26) {
      throw new IllegalArgumentException("capacity must be 1 to 2^26: " + capacity);
    }
    this.capacity = capacity;
    hash = new KeyedHash(seed);
    int first = Math.min(capacity, MIN_SLOTS);
    keys = new long[first * WORDS];
    nextFree = new int[first];
    index = new long[indexLength(first)];
    mask = index.length - 1;
  }

  /** Twice the slots, rounded up to a power of two: never more than half full. */
  private static int indexLength(int slots) {
    return Integer.highestOneBit(slots * 2 - 1) << 1;
  }

  /** The slot of a key, or -1. */
  public int find(FlowKey key) {
    long tag = tag(key.srcHi, key.srcLo, key.dstHi, key.dstLo, key.ports);
    for (int i = home(tag); ; i = i + 1 & mask) {
      long entry = index[i];
      if (entry == 0) {
        return NONE;
      }
      if ((entry ^ tag) >>> 32 == 0) {
        int slot = (int) entry - 1;
        if (equal(slot * WORDS, key)) {
          return slot;
        }
      }
    }
  }

  /**
   * Takes a key in. The key must be absent: that is not checked.
   *
   * @return its slot, or -1 when the table is full
   */
  public int insert(FlowKey key) {
    int slot = firstFree;
    if (slot != NONE) {
      firstFree = nextFree[slot];
    } else if (slots < capacity) {
      if (slots == nextFree.length) {
        grow();
      }
      slot = slots++;
    } else {
      return NONE;
    }
    nextFree[slot] = USED;
    size++;
    int at = slot * WORDS;
    keys[at] = key.srcHi;
    keys[at + 1] = key.srcLo;
    keys[at + 2] = key.dstHi;
    keys[at + 3] = key.dstLo;
    keys[at + 4] = key.ports;
    place(tag(slot), slot);
    return slot;
  }

  /** Frees a used slot. */
  public void remove(int slot) {
    requireUsed(slot);
    int hole = home(tag(slot));
    while ((int) index[hole] != slot + 1) {
      hole = hole + 1 & mask;
    }
    // Shift back every later entry of the run that may stand in the hole: one whose home is not
    // cyclically inside (hole, i].
    for (int i = hole + 1 & mask; index[i] != 0; i = i + 1 & mask) {
      int home = home(index[i]);
      if ((i - home & mask) >= (i - hole & mask)) {
        index[hole] = index[i];
        hole = i;
      }
    }
    index[hole] = 0;
    nextFree[slot] = firstFree;
    firstFree = slot;
    size--;
  }

  /** Reads the key of a used slot. */
  public void key(int slot, FlowKey into) {
    requireUsed(slot);
    int at = slot * WORDS;
    into.srcHi = keys[at];
    into.srcLo = keys[at + 1];
    into.dstHi = keys[at + 2];
    into.dstLo = keys[at + 3];
    into.ports = keys[at + 4];
  }

  /** Whether a slot holds a key. */
  public boolean used(int slot) {
    return slot >= 0 && slot < slots && nextFree[slot] == USED;
  }

  /**
   * The first used slot at or behind {@code from}, or -1. {@code for (s = nextUsed(0); s >= 0; s =
   * nextUsed(s + 1))} visits all; slots may be removed on the way.
   */
  public int nextUsed(int from) {
    for (int slot = from; slot < slots; slot++) {
      if (nextFree[slot] == USED) {
        return slot;
      }
    }
    return NONE;
  }

  /** Keys held. */
  public int size() {
    return size;
  }

  /** Most keys this table will hold. */
  public int capacity() {
    return capacity;
  }

  /** One more than the highest slot ever handed out: how long arrays indexed by slot must be. */
  public int slots() {
    return slots;
  }

  /** Longest distance of an entry from its home, for tests of the hash. */
  int longestProbe() {
    int longest = 0;
    for (int i = 0; i <= mask; i++) {
      if (index[i] != 0) {
        longest = Math.max(longest, i - home(index[i]) & mask);
      }
    }
    return longest;
  }

  private void requireUsed(int slot) {
    if (!used(slot)) {
      throw new IllegalArgumentException("no key in slot " + slot);
    }
  }

  private long tag(int slot) {
    int at = slot * WORDS;
    return tag(keys[at], keys[at + 1], keys[at + 2], keys[at + 3], keys[at + 4]);
  }

  private long tag(long a, long b, long c, long d, long e) {
    return hash.of(a, b, c, d, e) & 0xffff_ffff_0000_0000L;
  }

  /** Where probing for an index entry or tag begins. */
  private int home(long tagged) {
    return (int) (tagged >>> 32) & mask;
  }

  private boolean equal(int at, FlowKey key) {
    return keys[at] == key.srcHi
        && keys[at + 1] == key.srcLo
        && keys[at + 2] == key.dstHi
        && keys[at + 3] == key.dstLo
        && keys[at + 4] == key.ports;
  }

  private void place(long tag, int slot) {
    int i = home(tag);
    while (index[i] != 0) {
      i = i + 1 & mask;
    }
    index[i] = tag | slot + 1;
  }

  private void grow() {
    int length = Math.min(capacity, nextFree.length * 2);
    keys = Arrays.copyOf(keys, length * WORDS);
    nextFree = Arrays.copyOf(nextFree, length);
    long[] old = index;
    index = new long[indexLength(length)];
    mask = index.length - 1;
    for (long entry : old) {
      if (entry != 0) {
        place(entry & 0xffff_ffff_0000_0000L, (int) entry - 1);
      }
    }
  }
}
