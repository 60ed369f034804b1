// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import oasis.testkit.NoAllocation;
import org.junit.jupiter.api.Test;

class TimerWheelTest {
  private static final long HOUR = 3_600_000_000_000L;

  @Test
  void aSlotExpiresAtItsDeadlineAndNotANanosecondEarlier() {
    TimerWheel wheel = new TimerWheel(10);
    wheel.schedule(3, 2 * HOUR);
    assertThat(wheel.poll(2 * HOUR - 1)).isEqualTo(-1);
    assertThat(wheel.poll(2 * HOUR)).isEqualTo(3);
    assertThat(wheel.poll(2 * HOUR)).isEqualTo(-1);
    assertThat(wheel.nextDeadlineNs()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void whoWakesAtTheNextDeadlineReachesTheTrueOneInFewSteps() {
    TimerWheel wheel = new TimerWheel(10);
    wheel.poll(17);
    wheel.schedule(0, 7 * HOUR + 12_345);
    int wakeUps = 0;
    int slot = -1;
    while (slot < 0) {
      long now = wheel.nextDeadlineNs();
      assertThat(now).isLessThanOrEqualTo(7 * HOUR + 12_345);
      slot = wheel.poll(now);
      wakeUps++;
    }
    assertThat(slot).isZero();
    assertThat(wakeUps).isLessThan(11);
  }

  @Test
  void aPastDeadlineExpiresAtTheNextPoll() {
    TimerWheel wheel = new TimerWheel(10);
    wheel.poll(HOUR);
    wheel.schedule(1, 5);
    assertThat(wheel.nextDeadlineNs()).isLessThanOrEqualTo(HOUR);
    assertThat(wheel.poll(HOUR)).isEqualTo(1);
  }

  @Test
  void aRescheduledSlotHasOnlyItsLastDeadline() {
    TimerWheel wheel = new TimerWheel(10);
    wheel.schedule(1, 100);
    wheel.schedule(1, 200);
    assertThat(wheel.poll(150)).isEqualTo(-1);
    assertThat(wheel.deadlineNs(1)).isEqualTo(200);
    assertThat(wheel.poll(200)).isEqualTo(1);
  }

  @Test
  void onePollDoesBoundedWorkAndLaterOnesFinishIt() {
    int slots = 100_000;
    TimerWheel wheel = new TimerWheel(slots);
    wheel.poll(0);
    // All in one bucket of a high level, all due just after its start.
    long base = 1L << 36;
    for (int s = 0; s < slots; s++) {
      wheel.schedule(s, base + 1_000_000 + s);
    }
    int idlePolls = 0;
    while (wheel.nextDeadlineNs() <= base + 1) {
      assertThat(wheel.poll(base + 1)).isEqualTo(-1);
      idlePolls++;
    }
    assertThat(idlePolls).isBetween(slots / 1000, slots);
    for (int s = 0; s < slots; s++) {
      assertThat(wheel.poll(base + 2_000_000)).isNotEqualTo(-1);
    }
  }

  @Test
  void aSlotBeyondTheCapacityIsRefused() {
    TimerWheel wheel = new TimerWheel(10);
    assertThatThrownBy(() -> wheel.schedule(10, 1)).isInstanceOf(IllegalArgumentException.class);
    wheel.cancel(7);
    assertThat(wheel.scheduled(7)).isFalse();
  }

  @Test
  void aSteadyWheelDoesNotAllocate() {
    TimerWheel wheel = new TimerWheel(1000);
    for (int s = 0; s < 1000; s++) {
      wheel.schedule(s, s * 1_000_000L);
    }
    long[] now = {0};
    NoAllocation.check(
        1000,
        () -> {
          now[0] += 1_000_000;
          int slot = wheel.poll(now[0]);
          if (slot >= 0) {
            wheel.schedule(slot, now[0] + HOUR);
          }
        });
  }
}
