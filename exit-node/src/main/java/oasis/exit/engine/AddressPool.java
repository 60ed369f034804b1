// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.Arrays;
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
}
