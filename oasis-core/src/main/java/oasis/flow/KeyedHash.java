// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

/**
 * SipHash-1-3 over whole 64-bit words: one round per word and three to finish (Aumasson and
 * Bernstein, "SipHash: a fast short-input PRF", section 2.2). Whoever does not know the key can
 * neither choose flows that collide in a table nor foretell the next random port. The length is not
 * mixed in: each use hashes a fixed number of words.
 *
 * <p>Immutable.
 */
final class KeyedHash {
  private static final int FINAL_ROUNDS = 3;

  private final long key0;
  private final long key1;

  /** Derives both halves of the key from a secret seed. */
  KeyedHash(long seed) {
    key0 = mix(seed + 0x9e3779b97f4a7c15L);
    key1 = mix(seed + 0x3c6ef372fe94f82aL);
  }

  /** The finalizer of MurmurHash3 as improved by Stafford (variant 13), a bijection. */
  private static long mix(long z) {
    z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }

  /** Hash of one word. */
  long of(long word) {
    return rounds(word, 0, 0, 0, 0, 1);
  }

  /** Hash of five words. */
  long of(long a, long b, long c, long d, long e) {
    return rounds(a, b, c, d, e, 5);
  }

  private long rounds(long a, long b, long c, long d, long e, int words) {
    long v0 = key0 ^ 0x736f6d6570736575L;
    long v1 = key1 ^ 0x646f72616e646f6dL;
    long v2 = key0 ^ 0x6c7967656e657261L;
    long v3 = key1 ^ 0x7465646279746573L;
    for (int i = 0; i < words + FINAL_ROUNDS; i++) {
      long word = i >= words ? 0 : i == 0 ? a : i == 1 ? b : i == 2 ? c : i == 3 ? d : e;
      if (i == words) {
        v2 ^= 0xff;
      }
      v3 ^= word;
      v0 += v1;
      v2 += v3;
      v1 = Long.rotateLeft(v1, 13) ^ v0;
      v3 = Long.rotateLeft(v3, 16) ^ v2;
      v0 = Long.rotateLeft(v0, 32);
      v2 += v1;
      v0 += v3;
      v1 = Long.rotateLeft(v1, 17) ^ v2;
      v3 = Long.rotateLeft(v3, 21) ^ v0;
      v2 = Long.rotateLeft(v2, 32);
      v0 ^= word;
    }
    return v0 ^ v1 ^ v2 ^ v3;
  }
}
