// SPDX-License-Identifier: Apache-2.0
package oasis.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShrinkTest {
  private static final List<Integer> HUNDRED = IntStream.range(0, 100).boxed().toList();

  @Test
  void whatFailsByTwoElementsIsThoseTwoInTheirOrder() {
    assertThat(Shrink.smallest(HUNDRED, l -> l.contains(3) && l.contains(77)))
        .containsExactly(3, 77);
  }

  @Test
  void whatAlwaysFailsIsEmpty() {
    assertThat(Shrink.smallest(HUNDRED, l -> true)).isEmpty();
  }

  @Test
  void whatFailsByItsLengthIsAsLong() {
    assertThat(Shrink.smallest(HUNDRED, l -> l.size() >= 17)).hasSize(17);
  }

  @Test
  void whatNeedsAllOfItStays() {
    assertThat(Shrink.smallest(HUNDRED, l -> l.size() == 100)).isEqualTo(HUNDRED);
  }
}
