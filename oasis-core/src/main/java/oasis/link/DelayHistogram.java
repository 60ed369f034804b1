// SPDX-License-Identifier: Apache-2.0
package oasis.link;

/**
 * Counts of times, in steps of a quarter of a power of two from 1 µs to 16 s. Confined to one
 * thread; counting allocates nothing.
 */
final class DelayHistogram {
  private static final int STEPS_PER_OCTAVE = 4;
  private static final int OCTAVES = 24;
  private static final long NS_PER_US = 1000;

  private final long[] counts = new long[1 + STEPS_PER_OCTAVE * OCTAVES];
  private long all;

  /** Counts something that took so long. */
  void add(long ns, long times) {
    counts[step(ns / NS_PER_US)] += times;
    all += times;
  }

  /** Step 0 is below 1 µs; step 1 + 4 n + m begins at (1 + m / 4) 2^n µs. */
  private static int step(long us) {
    if (us < 1) {
      return 0;
    }
    int octave = 63 - Long.numberOfLeadingZeros(us);
    if (octave >= OCTAVES) {
      return STEPS_PER_OCTAVE * OCTAVES;
    }
    long quarter = (us * STEPS_PER_OCTAVE >> octave) - STEPS_PER_OCTAVE;
    return 1 + STEPS_PER_OCTAVE * octave + (int) quarter;
  }

  /** Upper end in µs of the step that holds a percentile: up to a quarter more; 0 of nothing. */
  long percentileUs(int percent) {
    long rank = (all * percent + 99) / 100;
    long seen = 0;
    for (int i = 0; i < counts.length && all > 0; i++) {
      seen += counts[i];
      if (seen >= rank) {
        return endUs(i);
      }
    }
    return 0;
  }

  private static long endUs(int step) {
    if (step == 0) {
      return 0;
    }
    int octave = (step - 1) / STEPS_PER_OCTAVE;
    int quarter = (step - 1) % STEPS_PER_OCTAVE;
    return ((STEPS_PER_OCTAVE + quarter + 1L) << octave) / STEPS_PER_OCTAVE;
  }
}
