// SPDX-License-Identifier: Apache-2.0
package oasis.link;

import static org.assertj.core.api.Assertions.assertThat;

import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

class DelayHistogramTest {
  @Test
  void aPercentileIsAtMostAQuarterTooLarge() {
    Gen.cases(
        300,
        gen -> {
          DelayHistogram histogram = new DelayHistogram();
          long[] us = new long[gen.range(1, 200)];
          for (int i = 0; i < us.length; i++) {
            us[i] = gen.range(0, 1L << gen.range(0, 23));
            histogram.add(us[i] * 1000, 1);
          }
          java.util.Arrays.sort(us);
          for (int percent : new int[] {1, 50, 99, 100}) {
            long exact = us[(us.length * percent + 99) / 100 - 1];
            long told = histogram.percentileUs(percent);
            assertThat(told).isBetween(exact, exact + exact / 4 + 1);
          }
        });
  }

  @Test
  void ofNothingItIsZero() {
    assertThat(new DelayHistogram().percentileUs(99)).isZero();
  }

  @Test
  void whatIsLongerThanAllStepsIsInTheLast() {
    DelayHistogram histogram = new DelayHistogram();
    histogram.add(Long.MAX_VALUE, 3);
    assertThat(histogram.percentileUs(50)).isGreaterThan(16_000_000);
  }
}
