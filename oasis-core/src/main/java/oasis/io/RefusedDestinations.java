// SPDX-License-Identifier: Apache-2.0
package oasis.io;

/**
 * Destinations to which the kernel would not segment a message. That depends on the route, which
 * may change, so each of them rests for a number of packets and is tried again then.
 *
 * <p>A table of fixed size with one place for each destination: two that meet there forget each
 * other's refusal, which costs a refused call. Confined to its owner's thread.
 */
final class RefusedDestinations {
  /** Packets that go to a destination one by one, before merging is tried again. */
  static final int REST_PKTS = 10_000;

  private static final int SLOTS = 256;
  private static final long MIX = 0x9e37_79b9_7f4a_7c15L;

  private final long[] hi = new long[SLOTS];
  private final long[] lo = new long[SLOTS];
  private final int[] restPkts = new int[SLOTS];
  private int resting;

  /** Remembers a refusal. */
  void refuse(long hi, long lo) {
    int slot = slot(hi, lo);
    resting += restPkts[slot] == 0 ? 1 : 0;
    this.hi[slot] = hi;
    this.lo[slot] = lo;
    restPkts[slot] = REST_PKTS;
  }

  /** True when the next packet to a destination goes alone; it is counted. */
  boolean rests(long hi, long lo) {
    if (resting == 0) {
      return false;
    }
    int slot = slot(hi, lo);
    if (restPkts[slot] == 0 || this.lo[slot] != lo || this.hi[slot] != hi) {
      return false;
    }
    restPkts[slot]--;
    resting -= restPkts[slot] == 0 ? 1 : 0;
    return true;
  }

  private static int slot(long hi, long lo) {
    return (int) ((hi * 31 + lo) * MIX >>> 56);
  }
}
