// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.util.ArrayList;
import java.util.List;
import oasis.experiments.measure.Probe;
import oasis.os.OsException;

/**
 * Finds the highest rate of a grid at which nothing is lost. A rate that fails is tried once more:
 * single hiccups are not the ceiling. Confined to one thread.
 */
final class Ceiling {
  /** Steps of 15 % from 10 Mbit/s to 9.4 Gbit/s. */
  static final int RATES = 50;

  private static final double FIRST_MBITS = 10;
  private static final double STEP = 1.15;

  /** 188 Mbit/s; then by factors of 2.3 up or down. */
  private static final int FIRST_GUESS = 21;

  private static final int FIRST_STRIDE = 6;

  private static final int TRIES = 2;

  /** Tries a rate. */
  interface Prober {
    Probe probe(double mbits) throws OsException;
  }

  private final Prober prober;
  private final List<Probe> probes = new ArrayList<>();

  Ceiling(Prober prober) {
    this.prober = prober;
  }

  /** The rate of a step of the grid in Mbit/s. */
  static double rate(int index) {
    return FIRST_MBITS * Math.pow(STEP, index);
  }

  /**
   * Searches.
   *
   * @param hint where an earlier search ended, or -1
   * @return the highest step that passed, or -1
   */
  int search(int hint) throws OsException {
    int low = -1;
    int high = RATES;
    int at = hint < 0 ? FIRST_GUESS : hint;
    int stride = hint < 0 ? FIRST_STRIDE : 1;
    while (high - low > 1) {
      if (passes(at)) {
        low = at;
        at = high == RATES ? Math.min(at + stride, RATES - 1) : (low + high) / 2;
      } else {
        high = at;
        at = low < 0 ? Math.max(at - stride, 0) : (low + high) / 2;
      }
      // From a hint the first steps are small, since it is seldom far.
      stride = low < 0 || high == RATES ? Math.min(stride * 2, FIRST_STRIDE) : stride;
    }
    return low;
  }

  private boolean passes(int index) throws OsException {
    for (int i = 0; i < TRIES; i++) {
      Probe probe = prober.probe(rate(index));
      probes.add(probe);
      if (probe.passed()) {
        return true;
      }
    }
    return false;
  }

  /** All probes so far, in the order in which they were made. */
  List<Probe> probes() {
    return List.copyOf(probes);
  }

  /** What was sent at the highest rate that passed; 0 when none did. */
  static double mbits(List<Probe> probes) {
    double offered = 0;
    double sent = 0;
    for (Probe probe : probes) {
      if (probe.passed() && probe.offeredMbits() > offered) {
        offered = probe.offeredMbits();
        sent = probe.sentMbits();
      }
    }
    return sent;
  }
}
