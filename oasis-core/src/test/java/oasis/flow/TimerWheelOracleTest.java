// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.TreeSet;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

/** The timer wheel against deadlines sorted the slow way. */
class TimerWheelOracleTest {
  private record Due(long deadlineNs, int slot) {}

  @Test
  void randomTimersExpireExactlyWhenAQueueSaysSo() {
    Gen.cases(
        200,
        gen -> {
          int slots = gen.range(1, 300);
          long start = gen.pick(0, 1, 2) == 0 ? gen.anyLong() >> 2 : gen.below(1000);
          long scale = 1L << gen.range(0, 45);
          check(gen, slots, start, scale);
        });
  }

  private static void check(Gen gen, int slots, long start, long scale) {
    TimerWheel wheel = new TimerWheel(slots);
    Map<Integer, Long> oracle = new TreeMap<>();
    long now = start;
    for (int op = 0; op < 2000; op++) {
      int slot = gen.below(slots);
      switch (gen.below(5)) {
        case 0, 1 -> {
          long deadline = now + gen.range(-scale / 4, scale * 4);
          wheel.schedule(slot, deadline);
          oracle.put(slot, deadline);
        }
        case 2 -> {
          wheel.cancel(slot);
          oracle.remove(slot);
        }
        default -> {
          now += gen.chance(0.3) ? 0 : gen.range(0, scale);
          drain(wheel, oracle, now);
        }
      }
      // A deadline that was past already is due now.
      long earliest = oracle.values().stream().mapToLong(d -> d).min().orElse(Long.MAX_VALUE);
      assertThat(wheel.nextDeadlineNs()).isLessThanOrEqualTo(Math.max(earliest, now));
      assertThat(wheel.nextDeadlineNs() == Long.MAX_VALUE).isEqualTo(oracle.isEmpty());
      assertThat(wheel.size()).isEqualTo(oracle.size());
    }
  }

  private static void drain(TimerWheel wheel, Map<Integer, Long> oracle, long now) {
    TreeSet<Integer> expected = new TreeSet<>();
    PriorityQueue<Due> queue =
        new PriorityQueue<>((a, b) -> Long.compare(a.deadlineNs, b.deadlineNs));
    oracle.forEach((slot, deadline) -> queue.add(new Due(deadline, slot)));
    while (!queue.isEmpty() && queue.peek().deadlineNs <= now) {
      expected.add(queue.remove().slot);
    }
    TreeSet<Integer> expired = new TreeSet<>();
    while (wheel.nextDeadlineNs() <= now) {
      int slot = wheel.poll(now);
      if (slot >= 0) {
        assertThat(expired.add(slot)).isTrue();
        assertThat(wheel.scheduled(slot)).isFalse();
      }
    }
    assertThat(expired).isEqualTo(expected);
    oracle.keySet().removeAll(expected);
  }
}
