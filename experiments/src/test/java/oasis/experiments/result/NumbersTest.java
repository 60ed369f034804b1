// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.result;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NumbersTest {
  @ParameterizedTest
  @CsvSource({"1, 0", "5, 0", "6, 0", "8, 0", "9, 1", "10, 1", "12, 2", "20, 5", "100, 39"})
  void theIntervalOfTheMedianHasTheRanksOfTheSignTest(int count, int outside) {
    assertThat(Numbers.outsideMedian(count)).isEqualTo(outside);
  }

  @Test
  void theIntervalHoldsTheTrueMedianInNineteenOfTwentyRuns() {
    SplittableRandom random = new SplittableRandom(7);
    int held = 0;
    for (int run = 0; run < 2_000; run++) {
      List<Double> skewed = new ArrayList<>();
      IntStream.range(0, 20).forEach(i -> skewed.add(-Math.log(1 - random.nextDouble())));
      boolean holds =
          Numbers.medianLow(skewed) <= Math.log(2) && Numbers.medianHigh(skewed) >= Math.log(2);
      held += holds ? 1 : 0;
    }
    assertThat(held).isBetween(1_880, 1_960);
  }

  @Test
  void ofNothingThereIsNoInterval() {
    assertThat(Numbers.medianLow(List.of())).isNaN();
    assertThat(Numbers.medianHigh(List.of())).isNaN();
  }
}
