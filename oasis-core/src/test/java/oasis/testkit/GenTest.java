// SPDX-License-Identifier: Apache-2.0
package oasis.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GenTest {
  @Test
  void theSameSeedGivesTheSameValues() {
    assertThat(new Gen(7).bytes(100)).isEqualTo(new Gen(7).bytes(100));
    assertThat(new Gen(7).anyLong()).isNotEqualTo(new Gen(8).anyLong());
  }

  @Test
  void aFailureNamesTheSeedOfItsCase() {
    List<Long> seeds = new ArrayList<>();
    assertThatThrownBy(
            () ->
                Gen.cases(
                    10,
                    gen -> {
                      seeds.add(gen.seed());
                      assertThat(seeds).hasSizeLessThan(3);
                    }))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("case 2 ")
        .hasMessageContaining("-Doasis.seed=" + seeds.get(2));
  }

  @Test
  void rangesIncludeBothEnds() {
    boolean[] seen = new boolean[3];
    Gen gen = new Gen(1);
    for (int i = 0; i < 100; i++) {
      seen[gen.range(5, 7) - 5] = true;
    }
    assertThat(seen).containsOnly(true);
    assertThat(gen.range(Long.MAX_VALUE, Long.MAX_VALUE)).isEqualTo(Long.MAX_VALUE);
    assertThat(gen.range(Integer.MAX_VALUE, Integer.MAX_VALUE)).isEqualTo(Integer.MAX_VALUE);
  }

  @Test
  void anAllocationIsFound() {
    Object[] sink = new Object[1];
    assertThatThrownBy(() -> NoAllocation.check(1000, () -> sink[0] = new byte[16]))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("bytes allocated");
    NoAllocation.check(1000, () -> sink[0] = null);
  }
}
