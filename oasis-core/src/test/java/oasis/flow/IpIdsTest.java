// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class IpIdsTest {
  @Test
  void aDatagramOfItsOwnIsNeverZeroWhichTheKernelWouldReplaceInEachFragment() {
    IpIds ids = new IpIds(1);
    int last = ids.take(0, 1, 0, 2, 1);
    for (int i = 0; i < 200_000; i++) {
      int id = ids.take(0, 1, 0, 2, 1);
      assertThat(id & 0xffff).isNotZero();
      assertThat(id - last).isBetween(1, 2);
      last = id;
    }
  }

  @Test
  void theNumbersOfABurstAreItsOwn() {
    IpIds ids = new IpIds(1);
    int first = ids.take(0, 1, 0, 2, 45);
    assertThat(ids.take(0, 1, 0, 2, 1) - first).isBetween(45, 46);
  }
}
