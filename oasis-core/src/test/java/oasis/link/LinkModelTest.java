// SPDX-License-Identifier: Apache-2.0
package oasis.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import oasis.testkit.Binomial;
import oasis.testkit.Gen;
import oasis.testkit.NoAllocation;
import org.junit.jupiter.api.Test;

class LinkModelTest {
  private static final long MS = 1_000_000;

  private static LinkModel model(LinkSettings settings) {
    return new LinkModel(settings, 1, 1, 0);
  }

  @Test
  void aDelayIsAddedAndNothingElse() {
    LinkModel link = model(LinkSettings.delay(20 * MS));
    assertThat(link.admit(5, 1500)).isEqualTo(20 * MS + 5);
    assertThat(link.admit(5, 1500)).isEqualTo(20 * MS + 5);
  }

  @Test
  void packetsWaitForTheTransmitter() {
    // 8 Mbit/s: 1 us per byte.
    LinkModel link = model(LinkSettings.delay(10 * MS).withRate(8_000_000));
    assertThat(link.admit(0, 1000)).isEqualTo(11 * MS);
    assertThat(link.admit(0, 500)).isEqualTo(11 * MS + MS / 2);
    assertThat(link.admit(5 * MS, 1000)).isEqualTo(16 * MS);
  }

  @Test
  void theQueueHoldsItsBytesAndNotOneMore() {
    LinkModel link = model(LinkSettings.UNSHAPED.withRate(8_000_000).withQueueBytes(3000));
    assertThat(link.admit(0, 1500)).isPositive();
    assertThat(link.admit(0, 1500)).isPositive();
    assertThat(link.admit(0, 1)).isEqualTo(LinkModel.DROPPED_QUEUE);
    // After 1 us there is room for one byte.
    assertThat(link.admit(1000, 2)).isEqualTo(LinkModel.DROPPED_QUEUE);
    assertThat(link.admit(1000, 1)).isEqualTo(3001 * 1000);
  }

  @Test
  void aDroppedPacketTakesNoCapacity() {
    LinkModel link = model(LinkSettings.UNSHAPED.withRate(8_000_000).withQueueBytes(1500));
    long first = link.admit(0, 1500);
    for (int i = 0; i < 100; i++) {
      assertThat(link.admit(0, 1500)).isEqualTo(LinkModel.DROPPED_QUEUE);
    }
    assertThat(link.admit(first, 1500)).isEqualTo(2 * first);
  }

  @Test
  void aBillionPacketsDoNotDrift() {
    // 3 bit/s shy of 1 Gbit/s: every packet leaves a remainder. Ten million stand for a billion:
    // the error, if there were one per packet, would be ten million times as large.
    long rate = 999_999_997;
    int packets = 10_000_000;
    LinkModel link =
        model(LinkSettings.UNSHAPED.withRate(rate).withQueueBytes(LinkSettings.MAX_QUEUE_BYTES));
    long due = 0;
    for (int i = 0; i < packets; i++) {
      due = link.admit(Math.max(0, due - 1000), 1);
    }
    long exact = (packets * 8L * 1_000_000_000L + rate - 1) / rate;
    assertThat(due).isEqualTo(exact);
  }

  @Test
  void throughputIsTheRate() {
    LinkModel link = model(LinkSettings.delay(MS).withRate(10_000_000).withQueueBytes(15_000));
    long delivered = 0;
    long second = 1000 * MS;
    // Offered: 20 Mbit/s for ten seconds.
    for (long now = 0; now < 10 * second; now += 600_000) {
      long due = link.admit(now, 1500);
      if (due > MS + second && due <= MS + 9 * second) {
        delivered += 1500;
      }
    }
    assertThat(delivered * 8).isBetween(80_000_000L - 12_000, 80_000_000L + 12_000);
  }

  @Test
  void lossIsBinomialAndTheSameForEqualSeeds() {
    LinkSettings settings = LinkSettings.UNSHAPED.withLossPpb(10_000_000);
    LinkModel one = new LinkModel(settings, 9, 5, 0);
    LinkModel same = new LinkModel(settings, 9, 5, 0);
    LinkModel other = new LinkModel(settings, 10, 5, 0);
    int packets = 200_000;
    int lost = 0;
    int differences = 0;
    for (int i = 0; i < packets; i++) {
      boolean drop = one.admit(i, 100) == LinkModel.DROPPED_LOSS;
      // Lateness and length of packets do not matter, their number does.
      assertThat(same.admit(i * 7L, 60) == LinkModel.DROPPED_LOSS).isEqualTo(drop);
      differences += (other.admit(i, 100) == LinkModel.DROPPED_LOSS) == drop ? 0 : 1;
      lost += drop ? 1 : 0;
    }
    Binomial bounds = Binomial.of(packets, 0.01);
    assertThat((long) lost).isBetween(bounds.least(), bounds.most());
    assertThat(differences).isGreaterThan(1000);
  }

  @Test
  void lossReorderingAndDuplicationAreBinomialAndIndependent() {
    Gen.cases(
        20,
        gen -> {
          LinkSettings settings =
              LinkSettings.UNSHAPED
                  .withLossPpb(20_000_000)
                  .withReorder(50_000_000, MS)
                  .withDuplicatePpb(30_000_000);
          LinkModel link = new LinkModel(settings, gen.anyLong(), gen.anyLong(), gen.below(2));
          int packets = 200_000;
          long[] counts = new long[4];
          for (int i = 0; i < packets; i++) {
            counts[0] += link.admit(i, 100) == LinkModel.DROPPED_LOSS ? 1 : 0;
            counts[1] += link.reordered() ? 1 : 0;
            counts[2] += link.duplicated() ? 1 : 0;
            counts[3] += link.reordered() && link.duplicated() ? 1 : 0;
          }
          double[] shares = {0.02, 0.98 * 0.05, 0.98 * 0.03, 0.98 * 0.05 * 0.03};
          for (int i = 0; i < counts.length; i++) {
            Binomial bounds = Binomial.of(packets, shares[i]);
            assertThat(counts[i]).isBetween(bounds.least(), bounds.most());
          }
        });
  }

  @Test
  void aReorderedPacketIsOvertaken() {
    LinkModel link = model(LinkSettings.delay(MS).withReorder(LinkSettings.ALL_PPB / 2, 3 * MS));
    boolean overtaken = false;
    for (int i = 0; i < 100; i++) {
      long due = link.admit(i * 1000L, 100);
      assertThat(due).isEqualTo(i * 1000L + (link.reordered() ? 4 * MS : MS));
      overtaken |= link.reordered();
    }
    assertThat(overtaken).isTrue();
  }

  @Test
  void theLastPacketsFateIsForgottenWithTheNext() {
    LinkModel link =
        model(
            LinkSettings.UNSHAPED
                .withRate(8_000_000)
                .withQueueBytes(1500)
                .withReorder(LinkSettings.ALL_PPB, MS)
                .withDuplicatePpb(LinkSettings.ALL_PPB));
    assertThat(link.admit(0, 1500)).isPositive();
    assertThat(link.reordered() && link.duplicated()).isTrue();
    assertThat(link.admit(0, 1500)).isEqualTo(LinkModel.DROPPED_QUEUE);
    assertThat(link.reordered() || link.duplicated()).isFalse();
  }

  @Test
  void lossOfNothingAndOfAll() {
    LinkModel none = model(LinkSettings.UNSHAPED);
    LinkModel all = model(LinkSettings.UNSHAPED.withLossPpb(LinkSettings.ALL_PPB));
    for (int i = 0; i < 100_000; i++) {
      assertThat(none.admit(i, 100)).isEqualTo(i);
      assertThat(all.admit(i, 100)).isEqualTo(LinkModel.DROPPED_LOSS);
    }
  }

  @Test
  void aStampThatGoesBackCountsAsTheOneBefore() {
    LinkModel link = model(LinkSettings.delay(MS));
    assertThat(link.admit(1000, 100)).isEqualTo(MS + 1000);
    assertThat(link.admit(400, 100)).isEqualTo(MS + 1000);
  }

  @Test
  void settingsOutsideTheirRangeAreRefusedByName() {
    assertThatThrownBy(() -> LinkSettings.delay(-1)).hasMessageContaining("delayNs");
    assertThatThrownBy(() -> LinkSettings.UNSHAPED.withLossPpb(LinkSettings.ALL_PPB + 1))
        .hasMessageContaining("lossPpb");
    assertThatThrownBy(() -> LinkSettings.UNSHAPED.withQueueBytes(0))
        .hasMessageContaining("queueBytes");
    assertThatThrownBy(() -> LinkSettings.UNSHAPED.withReorder(-1, 0))
        .hasMessageContaining("reorderPpb");
    assertThatThrownBy(() -> LinkSettings.UNSHAPED.withReorder(1, 0))
        .hasMessageContaining("reorderNs");
    assertThatThrownBy(() -> LinkSettings.UNSHAPED.withReorder(0, 1))
        .hasMessageContaining("reorderNs");
    assertThatThrownBy(() -> LinkSettings.UNSHAPED.withDuplicatePpb(-1))
        .hasMessageContaining("duplicatePpb");
    assertThatThrownBy(() -> LinkSettings.UNSHAPED.withRate(LinkSettings.MAX_BITS_PER_SECOND + 1))
        .hasMessageContaining("bitsPerSecond");
  }

  @Test
  void aPacketAllocatesNothing() {
    LinkModel link =
        model(
            LinkSettings.delay(MS)
                .withRate(10_000_000)
                .withLossPpb(10_000_000)
                .withReorder(10_000_000, MS)
                .withDuplicatePpb(10_000_000));
    long[] now = {0};
    NoAllocation.check(10_000, () -> link.admit(now[0] += 1000, 1500));
  }
}
