// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

/** A hash of 64 bits that is built piece by piece. */
final class Hash {
  private static final long BASIS = 0xcbf29ce484222325L;
  private static final long PRIME = 0x100000001b3L;

  private long value;

  Hash begin(long first) {
    value = BASIS;
    return add(first);
  }

  Hash add(long number) {
    value = (value ^ number) * PRIME;
    value ^= value >>> 29;
    return this;
  }

  Hash add(byte[] b, int from, int to) {
    for (int i = from; i < to; i++) {
      value = (value ^ b[i]) * PRIME;
    }
    return this;
  }

  /** The hash of all that was added. */
  long get() {
    long mixed = (value ^ value >>> 32) * 0xd6e8feb86659fd93L;
    return mixed ^ mixed >>> 32;
  }
}
