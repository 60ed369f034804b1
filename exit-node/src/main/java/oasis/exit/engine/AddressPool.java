// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.Arrays;
import oasis.flow.StateException;
import oasis.flow.StateReader;
import oasis.flow.StateWriter;
import oasis.packet.Prefix;

/**
 * Addresses of one family that stand for sources towards the kernel, one for each. A freed address
 * is given again last, since the kernel may still know flows of it. Confined to the data loop.
 */
final class AddressPool {
  /** Most addresses; what of the prefix is used. */
  static final int MAX_ADDRESSES = 65_536;

  /** The first addresses of the prefix: the network's, and the TUN device's own. */
  private static final int RESERVED = 2;

  /** An IPv6 prefix is large: this many bits of it say where the addresses begin. */
  private static final int MOST_BITS = 48;

  private static final int NONE = -1;

  /** While a state is read: not known yet. */
  private static final int UNKNOWN = -2;

  private final long hi;
  private final long firstLo;
  private final int[] byIndex;
  private final int[] freeRing;
  private int freeHead;
  private int freeCount;
  private final int[] index;

  /**
   * A pool in which all addresses are free.
   *
   * @param sources source slots are 0 to {@code sources - 1}; not more than {@link #size}
   * @param seed where in the prefix it begins: after a restart the kernel may still know flows of
   *     the last run
   */
  AddressPool(Prefix prefix, int sources, long seed) {
    int size = size(prefix);
    hi = prefix.hi();
    firstLo = prefix.lo() + RESERVED + Math.floorMod(seed, usable(prefix) - size + 1);
    byIndex = new int[size];
    Arrays.fill(byIndex, NONE);
    freeRing = new int[size];
    Arrays.setAll(freeRing, i -> i);
    freeCount = size;
    index = new int[sources];
  }

  /** How many sources a prefix serves. */
  static int size(Prefix prefix) {
    return (int) Math.min(usable(prefix), MAX_ADDRESSES);
  }

  private static long usable(Prefix prefix) {
    int bits = Math.min(MOST_BITS, (prefix.isV4() ? 32 : 128) - prefix.bits());
    return (1L << bits) - RESERVED - 1; // nor the last: a broadcast to some
  }

  /** Gives a source its address. */
  void take(int source) {
    int taken = freeRing[freeHead];
    freeHead = (freeHead + 1) % freeRing.length;
    freeCount--;
    byIndex[taken] = source;
    index[source] = taken;
  }

  /** Takes it back. */
  void free(int source) {
    byIndex[index[source]] = NONE;
    freeRing[(freeHead + freeCount) % freeRing.length] = index[source];
    freeCount++;
  }

  /** High half of every address. */
  long hi() {
    return hi;
  }

  /** Low half of a source's address. */
  long lo(int source) {
    return firstLo + index[source];
  }

  /** The source that an address stands for, or -1. */
  int source(long addressHi, long addressLo) {
    long at = addressLo - firstLo;
    return addressHi == hi && at >= 0 && at < byIndex.length ? byIndex[(int) at] : NONE;
  }

  /** Writes which addresses are free, in the order in which they will be given: as runs. */
  void write(StateWriter out) {
    out.section("pool");
    out.putLong(hi);
    out.putLong(firstLo);
    out.putInt(byIndex.length);
    out.putInt(freeCount);
    for (int i = 0; i < freeCount; ) {
      int first = freeAt(i);
      int length = 1;
      while (i + length < freeCount && freeAt(i + length) == first + length) {
        length++;
      }
      out.putInt(first);
      out.putInt(length);
      i += length;
    }
  }

  private int freeAt(int number) {
    return freeRing[(freeHead + number) % freeRing.length];
  }

  /** Goes on from there; who has the other addresses follows. */
  void restore(StateReader in) throws StateException {
    in.section("pool");
    if (in.takeLong() != hi || in.takeLong() != firstLo) {
      throw in.fail("it is another one");
    }
    in.takeInt("number of addresses", byIndex.length, byIndex.length);
    freeHead = 0;
    freeCount = in.takeInt("number of free addresses", 0, byIndex.length);
    Arrays.fill(byIndex, UNKNOWN);
    for (int i = 0; i < freeCount; ) {
      int first = in.takeInt("free address", 0, byIndex.length - 1);
      int most = Math.min(freeCount - i, byIndex.length - first);
      int length = in.takeInt("number of free addresses", 1, most);
      for (int at = first; at < first + length; at++) {
        if (byIndex[at] == NONE) {
          throw in.fail("an address is free twice");
        }
        byIndex[at] = NONE;
        freeRing[i++] = at;
      }
    }
  }

  /** Where a source's address is. */
  int index(int source) {
    return index[source];
  }

  /** Gives a source a certain address, one of those that were not free. */
  void restore(int source, StateReader in) throws StateException {
    int at = in.takeInt("address", 0, byIndex.length - 1);
    if (byIndex[at] != UNKNOWN) {
      throw in.fail("an address is taken twice");
    }
    byIndex[at] = source;
    index[source] = at;
  }

  /** Expects that every address is free or given. */
  void check(StateReader in) throws StateException {
    if (Arrays.stream(byIndex).anyMatch(each -> each == UNKNOWN)) {
      throw in.fail("an address is neither free nor taken");
    }
  }
}
