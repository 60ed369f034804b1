// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import oasis.packet.Address;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

class RefusedDestinationsTest {
  private final RefusedDestinations refused = new RefusedDestinations();

  @Test
  void aRefusedDestinationRestsForAWhileAndOthersDoNot() {
    refused.refuse(0, 5);
    for (int i = 0; i < RefusedDestinations.REST_PKTS; i++) {
      assertThat(refused.rests(0, 5)).isTrue();
      assertThat(refused.rests(0, 6)).isFalse();
      assertThat(refused.rests(1, 5)).isFalse();
    }
    assertThat(refused.rests(0, 5)).as("is tried again").isFalse();
    refused.refuse(0, 5);
    assertThat(refused.rests(0, 5)).isTrue();
  }

  @Test
  void nobodyRestsWhoWasNotRefusedAndNobodyRestsForEver() {
    Gen.cases(
        20,
        gen -> {
          RefusedDestinations some = new RefusedDestinations();
          Map<Address, Integer> rest = new HashMap<>();
          for (int i = 0; i < 200_000; i++) {
            Address to = new Address(gen.below(3), gen.below(gen.pick(4, 400)));
            if (gen.chance(0.001)) {
              some.refuse(to.hi(), to.lo());
              rest.put(to, RefusedDestinations.REST_PKTS);
            } else if (some.rests(to.hi(), to.lo())) {
              assertThat(rest.merge(to, -1, Integer::sum)).isNotNegative();
            }
          }
        });
  }
}
