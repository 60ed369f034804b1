// SPDX-License-Identifier: Apache-2.0
package oasis.link;

/**
 * A counter-based random generator: draw {@code n} of a stream is a pure function of the stream's
 * key and {@code n}. So a packet's fate does not depend on when, or on which thread, it is looked
 * at, and is the same in simulation and in emulation. It is SplitMix64 (Steele, Lea, Flood, "Fast
 * splittable pseudorandom number generators", OOPSLA 2014) with random access.
 */
public final class CounterRandom {
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

  private CounterRandom() {}

  /** The key of the stream that belongs to one direction of one link. */
  public static long key(long seed, long link, int direction) {
    return mix(mix(mix(seed + GOLDEN_GAMMA) ^ link) + (direction + 1) * GOLDEN_GAMMA);
  }

  /** Draw number {@code counter} of the stream: 64 uniform bits. */
  public static long draw(long key, long counter) {
    return mix(key + (counter + 1) * GOLDEN_GAMMA);
  }

  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
