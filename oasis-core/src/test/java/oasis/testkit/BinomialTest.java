// SPDX-License-Identifier: Apache-2.0
package oasis.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import org.junit.jupiter.api.Test;

class BinomialTest {
  private static final BigDecimal TAIL = new BigDecimal("1e-9");

  /** Exact arithmetic, by the definition. */
  private static Binomial reference(int trials, BigDecimal share) {
    BigDecimal other = BigDecimal.ONE.subtract(share);
    BigInteger ways = BigInteger.ONE;
    BigDecimal below = BigDecimal.ZERO;
    int least = -1;
    for (int k = 0; ; k++) {
      BigDecimal each = share.pow(k).multiply(other.pow(trials - k));
      below = below.add(each.multiply(new BigDecimal(ways)));
      if (least < 0 && below.compareTo(TAIL) > 0) {
        least = k;
      }
      if (BigDecimal.ONE.subtract(below).compareTo(TAIL) <= 0) {
        return new Binomial(least, k);
      }
      ways = ways.multiply(BigInteger.valueOf(trials - k)).divide(BigInteger.valueOf(k + 1));
    }
  }

  @Test
  void theBoundsAreExact() {
    Gen.cases(
        60,
        gen -> {
          int trials = gen.range(1, 300);
          int percent = gen.range(1, 99);
          assertThat(Binomial.of(trials, percent / 100.0))
              .isEqualTo(reference(trials, BigDecimal.valueOf(percent, 2)));
        });
  }

  @Test
  void whatNeverOrAlwaysHappensHasNoMargin() {
    assertThat(Binomial.of(1_000, 0)).isEqualTo(new Binomial(0, 0));
    assertThat(Binomial.of(1_000, 1)).isEqualTo(new Binomial(1_000, 1_000));
  }

  @Test
  void manyTrialsAreNoProblem() {
    Binomial bounds = Binomial.of(10_000_000, 0.01);
    // Six standard deviations are 1,888.
    assertThat(bounds.least()).isBetween(98_000L, 98_200L);
    assertThat(bounds.most()).isBetween(101_800L, 102_000L);
  }
}
