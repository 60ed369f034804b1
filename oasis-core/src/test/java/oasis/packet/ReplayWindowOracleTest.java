// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.HashSet;
import java.util.Set;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

class ReplayWindowOracleTest {
  /** Everything that was ever taken, in a set. */
  private static final class Slow {
    private final Set<BigInteger> seen = new HashSet<>();
    private BigInteger highest = BigInteger.ZERO;

    boolean take(long counter) {
      BigInteger value = new BigInteger(Long.toUnsignedString(counter));
      if (highest.subtract(value).compareTo(BigInteger.valueOf(ReplayWindow.SPAN)) >= 0) {
        return false;
      }
      highest = highest.max(value);
      return seen.add(value);
    }
  }

  @Test
  void takesEachCounterOnceAsASetOfAllOfThemWould() {
    Gen.cases(
        60,
        gen -> {
          ReplayWindow window = new ReplayWindow();
          Slow slow = new Slow();
          long at = gen.flip() ? gen.anyLong() : gen.below(3);
          for (int i = 0; i < 3_000; i++) {
            at += step(gen);
            long counter = at - (gen.flip() ? 0 : gen.below(2 * ReplayWindow.SPAN));
            assertThat(window.take(counter))
                .as("%s", Long.toUnsignedString(counter))
                .isEqualTo(slow.take(counter));
          }
        });
  }

  private static long step(Gen gen) {
    if (gen.chance(0.01)) {
      return gen.below(1 << 20);
    }
    return gen.chance(0.9) ? gen.below(3) : gen.below(2_000);
  }

  @Test
  void theEndsOfTheRangeOfCountersAreCountersToo() {
    ReplayWindow window = new ReplayWindow();
    assertThat(window.take(0)).isTrue();
    assertThat(window.take(0)).isFalse();
    assertThat(window.take(Long.MAX_VALUE)).isTrue();
    assertThat(window.take(Long.MIN_VALUE)).as("unsigned: one more").isTrue();
    assertThat(window.take(-1)).isTrue();
    assertThat(window.take(-1)).isFalse();
    assertThat(window.take(0)).isFalse();
    assertThat(window.take(-ReplayWindow.SPAN)).isTrue();
    assertThat(window.take(-ReplayWindow.SPAN - 1)).isFalse();
  }

  @Test
  void theSpanIsWhatTheSpecificationSays() {
    assertThat(ReplayWindow.SPAN).isGreaterThanOrEqualTo(8_128);
  }
}
