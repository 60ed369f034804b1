// SPDX-License-Identifier: Apache-2.0
package oasis.link;

import static oasis.link.QueueRig.MS;
import static oasis.link.QueueRig.SECOND;
import static oasis.link.QueueRig.level;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import oasis.link.QueueRig.Load;
import oasis.testkit.NoAllocation;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class ClassQueuesTest {
  private static final long MBIT = 1_000_000;
  private static final Percentage ONE = Percentage.withPercentage(1);
  private static final Percentage FIVE = Percentage.withPercentage(5);

  @Test
  void aHigherClassKeepsItsRateAndItsDelayWhileALowerOneIsOverloadedTenTimes() {
    QueueRig rig = new QueueRig(20 * MBIT, 2, level(2), level(5));
    rig.run(5 * SECOND, new Load(0, 0, 5 * MBIT, 1000), new Load(1, 1, 150 * MBIT, 1400));
    assertThat(rig.rate(0, 5 * SECOND)).isCloseTo(5e6, ONE);
    assertThat(rig.rate(1, 5 * SECOND)).isCloseTo(15e6, ONE);
    assertThat(rig.worstNs).isLessThan(2 * MS);
    assertThat(rig.queues.statistics(0).fullPkts()).isZero();
    assertThat(rig.queues.statistics(1).latePkts()).isPositive();
  }

  @Test
  void clientsOfAClassShareAlikeWhateverTheySend() {
    QueueRig rig = new QueueRig(10 * MBIT, 3, level(2));
    rig.run(
        5 * SECOND,
        new Load(0, 0, 8 * MBIT, 1400),
        new Load(0, 1, 90 * MBIT, 300),
        new Load(0, 2, MBIT, 100));
    assertThat(rig.rate(0, 2, 5 * SECOND)).as("less than its share").isCloseTo(1e6, FIVE);
    assertThat(rig.rate(0, 0, 5 * SECOND)).isCloseTo(4.5e6, FIVE);
    assertThat(rig.rate(0, 1, 5 * SECOND)).isCloseTo(4.5e6, FIVE);
  }

  @Test
  void classesOfOnePriorityShareByWeight() {
    QueueRig rig =
        new QueueRig(
            12 * MBIT, 1, new ClassSettings(3, 1, 0, 0), new ClassSettings(3, 5, 0, 0), level(4));
    rig.run(
        3 * SECOND,
        new Load(0, 0, 50 * MBIT, 1400),
        new Load(1, 0, 50 * MBIT, 700),
        new Load(2, 0, MBIT, 500));
    assertThat(rig.rate(0, 3 * SECOND)).isCloseTo(2e6, FIVE);
    assertThat(rig.rate(1, 3 * SECOND)).isCloseTo(10e6, FIVE);
    assertThat(rig.rate(2, 3 * SECOND)).as("a lower priority starves").isLessThan(0.05e6);
  }

  @Test
  void aClassAndItsClientsKeepToTheirCaps() {
    QueueRig rig =
        new QueueRig(50 * MBIT, 3, new ClassSettings(1, 1, 10 * MBIT, 4 * MBIT), level(5));
    rig.run(
        3 * SECOND,
        new Load(0, 0, 30 * MBIT, 1400),
        new Load(0, 1, 30 * MBIT, 1400),
        new Load(0, 2, 30 * MBIT, 1400),
        new Load(1, 0, 100 * MBIT, 1400));
    assertThat(rig.rate(0, 3 * SECOND)).isCloseTo(10e6, ONE);
    assertThat(rig.rate(1, 3 * SECOND)).as("what it leaves").isCloseTo(40e6, ONE);
    QueueRig alone = new QueueRig(0, 2, new ClassSettings(1, 1, 0, 4 * MBIT));
    alone.run(3 * SECOND, new Load(0, 0, 30 * MBIT, 1400), new Load(0, 1, 2 * MBIT, 1400));
    assertThat(alone.rate(0, 0, 3 * SECOND)).isCloseTo(4e6, ONE);
    assertThat(alone.rate(0, 1, 3 * SECOND)).isCloseTo(2e6, ONE);
  }

  @Test
  void withoutOverloadNothingWaits() {
    QueueRig rig = new QueueRig(10 * MBIT, 1, level(0));
    rig.run(SECOND, new Load(0, 0, 9 * MBIT, 1400));
    assertThat(rig.worstNs).isZero();
    assertThat(rig.queues.statistics(0).delayP99Us()).isZero();
    assertThat(rig.queues.nextDeadlineNs()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void afterAPauseNoMoreThanFiveMillisecondsComeAtOnce() {
    QueueRig rig = new QueueRig(8 * MBIT, 1, level(0));
    rig.now += 60 * SECOND;
    int passed = 0;
    while (rig.queues.pass(0, 0, 1, 1000, rig.now)) {
      passed++;
    }
    assertThat(passed).isEqualTo(6); // a packet takes 1 ms; the last one begins at 5 ms
  }

  @Test
  void whoIsServedLateCatchesUpButNotWithAPause() {
    QueueRig rig = new QueueRig(8 * MBIT, 1, level(0));
    rig.now += 60 * SECOND;
    for (int i = 0; i < 60; i++) {
      rig.put(0, 0, 1000);
    }
    rig.serve(slot -> {});
    assertThat(rig.sent(0)).as("5 ms of the pause").isEqualTo(6000);
    rig.now += 20 * MS;
    rig.serve(slot -> {});
    assertThat(rig.sent(0)).as("all of what nobody asked for").isEqualTo(26_000);
    rig.now += 100 * MS;
    rig.serve(slot -> {});
    assertThat(rig.sent(0)).as("no more than 25 ms").isLessThanOrEqualTo(52_000);
  }

  @Test
  void aPacketOfAHigherClassGoesBeforeThoseThatWait() {
    QueueRig rig = new QueueRig(MBIT, 2, level(1), level(2));
    rig.offer(new Load(1, 0, 1, 1250)); // 10 ms of the link, of which 5 are credit
    int low = rig.put(1, 0, 1250);
    int high = rig.put(0, 1, 1250);
    assertThat(rig.queues.next(rig.now)).isEqualTo(-1);
    rig.now = rig.queues.nextDeadlineNs();
    assertThat(rig.queues.next(rig.now)).isEqualTo(high);
    assertThat(rig.queues.next(rig.now)).isEqualTo(-1);
    rig.now += 10 * MS;
    assertThat(rig.queues.pass(1, 1, 1, 100, rig.now)).as("past one that waits").isFalse();
    assertThat(rig.queues.next(rig.now)).isEqualTo(low);
  }

  @Test
  void oneWhoFillsHisQueueLeavesRoomForOthersAndOtherClasses() {
    QueueRig rig = new QueueRig(MBIT, 3, level(1), level(2));
    rig.offer(new Load(1, 0, 1, 1400));
    int mine = 0;
    while (rig.put(1, 0, 1400) >= 0) {
      mine++;
    }
    int others = 0;
    while (rig.put(1, 1, 1400) >= 0) {
      others++;
    }
    assertThat((double) others / mine).isCloseTo(0.5, within(0.05));
    assertThat(rig.put(1, 2, 60_000)).as("a third one, a long packet").isNotNegative();
    assertThat(rig.put(0, 0, 60_000)).as("another class").isNotNegative();
    assertThat(rig.queues.statistics(1).fullPkts()).isEqualTo(2);
    assertThat(rig.queues.statistics(1).waitingPkts()).isEqualTo(mine + others + 1);
  }

  @Test
  void everythingCanBeTakenOutWhateverTheCapsAre() {
    QueueRig rig = new QueueRig(1000, 2, level(1), level(2));
    int low = rig.put(1, 0, 1400);
    int high = rig.put(0, 1, 1400);
    assertThat(rig.queues.drain()).isEqualTo(high);
    assertThat(rig.queues.drain()).isEqualTo(low);
    assertThat(rig.queues.drain()).isEqualTo(-1);
    assertThat(rig.queues.packets()).isZero();
  }

  @Test
  void burstsAreToBeSplitByTheTimeThatTheyTake() {
    QueueRig rig = new QueueRig(80 * MBIT, 1, level(1), new ClassSettings(1, 1, 8 * MBIT, 0));
    assertThat(rig.queues.chunkBytes(0)).isEqualTo(10_000);
    assertThat(rig.queues.chunkBytes(1)).isEqualTo(1_000);
  }

  @Test
  void tooManyQueuesAreRefused() {
    QueueSettings settings = new QueueSettings(1000, List.of(level(1), level(2)));
    assertThatThrownBy(() -> new ClassQueues(settings, 1 << 18, 0))
        .hasMessageContaining("2 classes of 262144 clients");
  }

  @Test
  void nothingIsAllocated() {
    QueueRig rig = new QueueRig(20 * MBIT, 4, level(1), new ClassSettings(2, 3, 0, 3 * MBIT));
    NoAllocation.check(
        20_000,
        () -> {
          rig.now += 200_000;
          for (int i = 0; i < 3; i++) {
            int c = i & 1;
            if (!rig.queues.pass(c, i, 1, 1400, rig.now)) {
              rig.queues.add(c, i, 1, 1400, 1416, i == 2, rig.now);
            }
          }
          for (int s = rig.queues.next(rig.now); s >= 0; s = rig.queues.next(rig.now)) {
            rig.queues.free(s);
          }
          rig.now = Math.max(rig.now, Math.min(rig.now + 1, rig.queues.nextDeadlineNs()));
        });
  }
}
