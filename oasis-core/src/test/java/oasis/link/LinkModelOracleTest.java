// SPDX-License-Identifier: Apache-2.0
package oasis.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

/** Compares with a reference that keeps time as an exact fraction of big numbers. */
class LinkModelOracleTest {
  private static final BigInteger NS_BITS = BigInteger.valueOf(8_000_000_000L);

  /** The transmitter, in units of 1/rate ns. */
  private static final class Reference {
    private final BigInteger rate;
    private final BigInteger queue;
    private final long delayNs;
    private BigInteger free = BigInteger.ZERO;

    Reference(LinkSettings settings) {
      rate = BigInteger.valueOf(settings.bitsPerSecond());
      queue = BigInteger.valueOf(settings.queueBytes());
      delayNs = settings.delayNs();
    }

    long admit(long arrivalNs, int bytes) {
      BigInteger arrival = BigInteger.valueOf(arrivalNs).multiply(rate);
      BigInteger start = arrival.max(free);
      BigInteger size = NS_BITS.multiply(BigInteger.valueOf(bytes));
      BigInteger waiting = start.subtract(arrival).add(size);
      if (waiting.compareTo(queue.multiply(NS_BITS)) > 0) {
        return LinkModel.DROPPED_QUEUE;
      }
      free = start.add(size);
      BigInteger[] whole = free.divideAndRemainder(rate);
      return whole[0].longValueExact() + whole[1].signum() + delayNs;
    }
  }

  @Test
  void rateAndQueueAreExact() {
    Gen.cases(
        300,
        gen -> {
          long rate = gen.range(1_000, gen.flip() ? 100_000L : LinkSettings.MAX_BITS_PER_SECOND);
          long queue = gen.range(1, gen.flip() ? 5_000 : LinkSettings.MAX_QUEUE_BYTES);
          LinkSettings settings =
              LinkSettings.delay(gen.range(0, 1_000_000_000L)).withRate(rate).withQueueBytes(queue);
          LinkModel link = new LinkModel(settings, gen.anyLong(), gen.anyLong(), 0);
          Reference reference = new Reference(settings);
          long meanGap = Math.max(1, 1500 * 8_000_000_000L / rate);
          long now = gen.range(0, 1_000_000_000_000L);
          long last = Long.MIN_VALUE;
          for (int i = 0; i < 500; i++) {
            now += gen.chance(0.3) ? 0 : gen.range(0, 2 * meanGap);
            int bytes = gen.range(1, 9014);
            long due = link.admit(now, bytes);
            assertThat(due).isEqualTo(reference.admit(now, bytes));
            if (due != LinkModel.DROPPED_QUEUE) {
              assertThat(due).isGreaterThanOrEqualTo(last);
              last = due;
            }
          }
        });
  }

  /** Against the same link without reordering and duplication, which draws the same losses. */
  @Test
  void reorderingOnlyHoldsPacketsBack() {
    Gen.cases(
        100,
        gen -> {
          LinkSettings plain =
              LinkSettings.delay(gen.range(0, 50_000_000L))
                  .withRate(gen.range(1_000_000, 1_000_000_000))
                  .withLossPpb(gen.range(0, LinkSettings.ALL_PPB / 10));
          long heldNs = gen.range(1, 20_000_000L);
          LinkSettings settings =
              plain
                  .withReorder(gen.range(1, LinkSettings.ALL_PPB), heldNs)
                  .withDuplicatePpb(gen.range(0, LinkSettings.ALL_PPB));
          long seed = gen.anyLong();
          LinkModel link = new LinkModel(settings, seed, 1, 0);
          LinkModel reference = new LinkModel(plain, seed, 1, 0);
          long[] last = {Long.MIN_VALUE, Long.MIN_VALUE};
          long now = 0;
          for (int i = 0; i < 500; i++) {
            now += gen.range(0, 100_000);
            int bytes = gen.range(60, 1514);
            long expected = reference.admit(now, bytes);
            long due = link.admit(now, bytes);
            if (expected < 0) {
              assertThat(due).isEqualTo(expected);
              assertThat(link.reordered() || link.duplicated()).isFalse();
              continue;
            }
            assertThat(due).isEqualTo(expected + (link.reordered() ? heldNs : 0));
            int kind = link.reordered() ? 1 : 0;
            assertThat(due).isGreaterThanOrEqualTo(last[kind]);
            last[kind] = due;
          }
        });
  }

  /** In any window, no more bits leave than the rate allows, but for the packet under way. */
  @Test
  void theRateIsNeverExceeded() {
    Gen.cases(
        50,
        gen -> {
          long rate = gen.range(100_000, 1_000_000_000);
          LinkModel link = new LinkModel(LinkSettings.UNSHAPED.withRate(rate), gen.anyLong(), 1, 0);
          long firstDue = -1;
          long bits = 0;
          long now = 0;
          for (int i = 0; i < 2_000; i++) {
            now += gen.range(0, 3_000_000);
            int bytes = gen.range(60, 1514);
            long due = link.admit(now, bytes);
            if (due < 0) {
              continue;
            }
            if (firstDue < 0) {
              firstDue = due;
              continue;
            }
            bits += bytes * 8L;
            BigDecimal allowed =
                BigDecimal.valueOf(due - firstDue + 1).multiply(BigDecimal.valueOf(rate));
            assertThat(BigDecimal.valueOf(bits).multiply(BigDecimal.valueOf(1_000_000_000L)))
                .isLessThanOrEqualTo(allowed);
          }
        });
  }
}
