// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import static org.assertj.core.api.Assertions.assertThat;

import oasis.experiments.measure.Probe;
import oasis.os.OsException;
import org.junit.jupiter.api.Test;

class CeilingOracleTest {
  /** A path that carries everything up to a step of the grid. */
  private static Probe carriesUpTo(int best, double mbits) {
    return new Probe(mbits, mbits, mbits <= Ceiling.rate(best) * 1.001 ? 0 : 5);
  }

  @Test
  void everyCeilingIsFoundFromEveryHint() throws OsException {
    for (int best = -1; best < Ceiling.RATES; best++) {
      for (int hint = -1; hint < Ceiling.RATES; hint++) {
        int ceilingStep = best;
        Ceiling ceiling = new Ceiling(mbits -> carriesUpTo(ceilingStep, mbits));
        assertThat(ceiling.search(hint)).as("hint %d", hint).isEqualTo(best);
        double expected = best < 0 ? 0 : Ceiling.rate(best);
        assertThat(Ceiling.mbits(ceiling.probes())).isEqualTo(expected);
        assertThat(ceiling.probes().size()).as("probes for %d from %d", best, hint).isLessThan(27);
      }
    }
  }

  @Test
  void aGoodHintNeedsThreeProbes() throws OsException {
    Ceiling ceiling = new Ceiling(mbits -> carriesUpTo(30, mbits));
    ceiling.search(30);
    assertThat(ceiling.probes()).hasSize(3);
  }

  @Test
  void oneHiccupIsForgiven() throws OsException {
    int[] count = {0};
    Ceiling ceiling =
        new Ceiling(
            mbits -> count[0]++ % 2 == 0 ? new Probe(mbits, mbits, 1) : carriesUpTo(25, mbits));
    assertThat(ceiling.search(-1)).isEqualTo(25);
  }

  @Test
  void aSenderThatCannotReachTheRateHasNotShownIt() {
    assertThat(new Probe(1000, 900, 0).passed()).isFalse();
    assertThat(new Probe(1000, 960, 0.09).passed()).isTrue();
  }
}
