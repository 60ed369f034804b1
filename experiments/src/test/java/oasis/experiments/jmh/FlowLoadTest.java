// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import oasis.testkit.NoAllocation;
import org.junit.jupiter.api.Test;

/** What the benchmarks of many flows claim to do. */
class FlowLoadTest {
  private static final int FLOWS = 1_000;

  @Test
  void packetsOfFlowsThatExistPassBothWaysWithoutGarbage() {
    FlowLoad load = new FlowLoad(FLOWS);
    for (int i = 0; i < FLOWS; i++) {
      load.begin();
    }
    load.requireFlows(FLOWS);
    long before = load.outbound();
    assertThat(load.inbound()).isEqualTo(before + 1);
    NoAllocation.check(
        10_000,
        () -> {
          load.outbound();
          load.inbound();
        });
    load.requireFlows(FLOWS);
    load.requireNoDrops();
  }

  @Test
  void asManyFlowsEndAsBegin() {
    FlowLoad load = new FlowLoad(FLOWS);
    for (int i = 0; i < 5 * FLOWS; i++) {
      load.pass();
      load.begin();
    }
    load.requireNoDrops();
    NoAllocation.check(
        10_000,
        () -> {
          load.pass();
          load.begin();
        });
    load.requireNoDrops();
  }
}
