// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import oasis.link.LinkSettings;
import org.junit.jupiter.api.Test;

class HubReportTest {
  private static HubReport report(long p99Ns, WireReport wire) {
    return new HubReport(1000, 1, 2, p99Ns, p99Ns, true, List.of(wire));
  }

  private static WireReport wire(long oversized, long badStamps, long errors, long overruns) {
    return new WireReport(
        "ab", "a-to-b", 10, 8, 1, 1, 0, 0, oversized, badStamps, errors, overruns);
  }

  @Test
  void lossAndQueueDropsAreNoDoubts() {
    assertThat(report(999_999, wire(0, 0, 0, 0)).doubts(1_000_000, HubReport.EMPTY)).isEmpty();
  }

  @Test
  void aLateRunIsInvalid() {
    assertThat(report(1_000_001, wire(0, 0, 0, 0)).doubts(1_000_000, HubReport.EMPTY))
        .singleElement()
        .asString()
        .contains("1000 us late");
  }

  @Test
  void whatTheModelDidNotOrderIsADoubt() {
    assertThat(report(0, wire(1, 2, 3, 4)).doubts(1, HubReport.EMPTY)).hasSize(4);
  }

  @Test
  void whatWentWrongBeforeIsNoDoubtOfWhatCameLater() {
    HubReport before = report(0, wire(1, 2, 3, 4));
    assertThat(report(0, wire(1, 2, 3, 4)).doubts(1, before)).isEmpty();
    assertThat(report(0, wire(1, 2, 3, 9)).doubts(1, before))
        .singleElement()
        .asString()
        .contains("5 packets");
  }

  @Test
  void theRingHoldsWhatCanBeUnderWay() {
    assertThat(Wire.slots(LinkSettings.UNSHAPED)).isEqualTo(1024);
    assertThat(Wire.slots(LinkSettings.delay(20_000_000))).isEqualTo(4096);
    assertThat(Wire.slots(LinkSettings.delay(60_000_000_000L))).isEqualTo(16_384);
    LinkSettings slow = LinkSettings.delay(20_000_000).withRate(1_000_000);
    assertThat(Wire.slots(slow)).isEqualTo(1024);
    LinkSettings held = LinkSettings.UNSHAPED.withReorder(LinkSettings.ALL_PPB / 2, 40_000_000);
    assertThat(Wire.heldSlots(held)).isEqualTo(4096);
  }
}
