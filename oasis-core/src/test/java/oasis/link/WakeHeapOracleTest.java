// SPDX-License-Identifier: Apache-2.0
package oasis.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.TreeMap;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

class WakeHeapOracleTest {
  /** Times are unique here, so that there is one right order. */
  @Test
  void numbersComeOutInTheOrderOfTheirTimes() {
    Gen.cases(
        200,
        gen -> {
          WakeHeap heap = new WakeHeap();
          TreeMap<Long, Integer> reference = new TreeMap<>();
          long origin = gen.flip() ? Long.MAX_VALUE - 5000 : gen.anyLong(); // it may wrap around
          for (int i = 0; i < 500; i++) {
            if (!reference.isEmpty() && gen.chance(0.45)) {
              assertThat(heap.firstNs()).isEqualTo(origin + reference.firstKey());
              assertThat(heap.remove()).isEqualTo(reference.pollFirstEntry().getValue());
            } else {
              long time = gen.range(0, 1_000_000_000L);
              if (reference.putIfAbsent(time, i) == null) {
                heap.add(i, origin + time);
              }
            }
            assertThat(heap.isEmpty()).isEqualTo(reference.isEmpty());
          }
        });
  }
}
