// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

/**
 * Identifications for datagrams that may be in fragments. Behind one external address the clients'
 * own numbers would meet, and a destination would put the fragments of one together with those of
 * another (RFC 6864 section 5.3.1, RFC 7857 section 10). One counter each for many pairs of hosts,
 * begun anywhere, so that a pair's numbers come round no sooner than they must.
 *
 * <p>Confined to one thread.
 */
final class IpIds {
  private static final int COUNTERS = 4096;

  private final KeyedHash hash;
  private final int[] next = new int[COUNTERS];

  IpIds(long seed) {
    hash = new KeyedHash(seed);
    for (int i = 0; i < COUNTERS; i++) {
      next[i] = (int) hash.of(i);
    }
  }

  /**
   * The first of {@code count} successive numbers, of which IPv4 takes the lower 16 bits. A single
   * one is not 0 there: the kernel writes another one into each such packet of a raw socket, and
   * the fragments of a datagram would not find together (raw(7)).
   */
  int take(long srcHi, long srcLo, long dstHi, long dstLo, int count) {
    int at = (int) hash.of(srcHi, srcLo, dstHi, dstLo, 0) & COUNTERS - 1;
    int first = count == 1 && (next[at] & 0xffff) == 0 ? next[at] + 1 : next[at];
    next[at] = first + count;
    return first;
  }

  /** Writes all counters, which go with the seed. */
  void write(StateWriter out) {
    out.section("identifications");
    for (int each : next) {
      out.putInt(each);
    }
  }

  /** Goes on from them. */
  void restore(StateReader in) throws StateException {
    in.section("identifications");
    for (int i = 0; i < COUNTERS; i++) {
      next[i] = in.takeInt("counter", Integer.MIN_VALUE, Integer.MAX_VALUE);
    }
  }
}
