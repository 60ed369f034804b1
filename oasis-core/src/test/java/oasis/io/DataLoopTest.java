// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import oasis.os.OsException;
import oasis.os.linux.Poller;
import oasis.os.linux.WakeUp;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class DataLoopTest {
  private DataLoop loop;

  @BeforeEach
  void open() throws OsException {
    loop = new DataLoop("test-loop");
  }

  @AfterEach
  void close() {
    loop.close();
  }

  @Test
  void commandsRunOnTheLoopInOrder() {
    loop.start();
    List<Integer> seen = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      int n = i;
      loop.submit(() -> seen.add(n));
    }
    String thread = loop.call(() -> Thread.currentThread().getName()).join();
    assertThat(thread).isEqualTo("test-loop");
    assertThat(seen).hasSize(1000).isSorted();
  }

  @Test
  void commandsFromManyThreadsAllWakeIt() throws Exception {
    loop.start();
    List<Thread> threads = new ArrayList<>();
    AtomicInteger wrong = new AtomicInteger();
    for (int t = 0; t < 4; t++) {
      Thread thread =
          new Thread(
              () -> {
                for (int i = 0; i < 500; i++) {
                  int n = i;
                  wrong.addAndGet(loop.call(() -> n).join() == n ? 0 : 1);
                }
              });
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(wrong).hasValue(0);
  }

  @Test
  void aFailedCallFailsItsFutureOnly() {
    loop.start();
    CompletableFuture<Object> failing =
        loop.call(
            () -> {
              throw new IllegalStateException("no");
            });
    assertThatThrownBy(failing::join)
        .isInstanceOf(CompletionException.class)
        .hasMessageContaining("no");
    CompletableFuture<Integer> broken =
        loop.call(
            () -> {
              throw new NoClassDefFoundError("gone");
            });
    assertThatThrownBy(() -> broken.get(5, TimeUnit.SECONDS)).hasMessageContaining("gone");
    assertThat(loop.failures()).isZero();
    assertThat(loop.call(() -> 5).join()).isEqualTo(5);
  }

  @Test
  void aFailedHandlerIsCountedAndTheLoopGoesOn() {
    loop.start();
    loop.submit(
        () -> {
          throw new IllegalStateException("expected by the test");
        });
    assertThat(loop.call(() -> 5).join()).isEqualTo(5);
    assertThat(loop.failures()).isEqualTo(1);
  }

  @Test
  void aCallAfterCloseFails() {
    loop.start();
    loop.close();
    assertThatThrownBy(() -> loop.call(() -> 5).join()).hasMessageContaining("has ended");
  }

  @Test
  void aLoopThatNeverStartedCloses() {
    loop.close();
    assertThatThrownBy(() -> loop.call(() -> 5).join()).hasMessageContaining("has ended");
  }

  @Test
  void closingItTwiceClosesNothingOfOthers() throws OsException {
    loop.close();
    try (WakeUp one = new WakeUp();
        WakeUp other = new WakeUp()) { // with the numbers that the loop's descriptors had
      loop.close();
      Poller poller = new Poller();
      poller.add(one.fd());
      poller.add(other.fd());
      assertThat(poller.await(0)).isZero(); // a closed descriptor counts as ready
    }
  }

  @Test
  void theHeartBeatsThoughNothingHappens() throws Exception {
    CountDownLatch beats = new CountDownLatch(3);
    loop.heartBeat(beats::countDown);
    loop.start();
    assertThat(beats.await(5, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void packetsAreNotKeptWaitingForTheHeartBeat() throws Exception {
    List<String> order = Collections.synchronizedList(new ArrayList<>());
    CountDownLatch beat = new CountDownLatch(1);
    WakeUp packet = new WakeUp();
    packet.signal();
    loop.add(
        new DataLoop.Source() {
          @Override
          public int fd() {
            return packet.fd();
          }

          @Override
          public boolean onReadable(long nowNs) {
            packet.clear();
            order.add("packet");
            return false;
          }
        });
    loop.heartBeat(
        () -> {
          order.add("beat");
          beat.countDown();
        });
    loop.start();
    assertThat(beat.await(5, TimeUnit.SECONDS)).isTrue();
    loop.close();
    packet.close();
    assertThat(order).startsWith("packet", "beat");
  }

  @Test
  void timersRunWhenDueAndFailingOnesStarveNobody() throws Exception {
    CountDownLatch rings = new CountDownLatch(5);
    loop.add(
        new DataLoop.Timer() {
          private final long past = System.nanoTime();

          @Override
          public long nextDeadlineNs() {
            return past;
          }

          @Override
          public void onDue(long nowNs) {
            throw new IllegalStateException("expected by the test");
          }
        });
    loop.add(
        new DataLoop.Timer() {
          private long next = System.nanoTime();

          @Override
          public long nextDeadlineNs() {
            return next;
          }

          @Override
          public void onDue(long nowNs) {
            assertThat(nowNs - next).isNotNegative();
            next = nowNs + 2_000_000;
            rings.countDown();
          }
        });
    loop.start();
    assertThat(rings.await(5, TimeUnit.SECONDS)).isTrue();
    assertThat(loop.failures()).isPositive();
  }

  @Test
  void afterAFailedHeartBeatOrDeadlineTheLoopSleepsAsEver() throws Exception {
    loop.heartBeat(
        () -> {
          throw new IllegalStateException("expected by the test");
        });
    loop.add(
        new DataLoop.Timer() {
          @Override
          public long nextDeadlineNs() {
            throw new IllegalStateException("expected by the test");
          }

          @Override
          public void onDue(long nowNs) {}
        });
    loop.start();
    assertThat(loop.call(() -> 5).join()).isEqualTo(5);
    Thread.sleep(200);
    assertThat(loop.failures()).isBetween(1L, 40L); // a loop that never sleeps fails thousands
  }

  @Test
  void anErrorOfOneSourceStarvesNoOther() throws Exception {
    try (WakeUp one = new WakeUp();
        WakeUp other = new WakeUp()) {
      CountDownLatch reads = new CountDownLatch(3);
      one.signal();
      other.signal();
      loop.add(
          source(
              one,
              () -> {
                throw new NoClassDefFoundError("expected by the test");
              }));
      loop.add(source(other, reads::countDown));
      loop.start();
      assertThat(reads.await(5, TimeUnit.SECONDS)).isTrue();
      loop.close();
    }
  }

  private static DataLoop.Source source(WakeUp descriptor, Runnable read) {
    return new DataLoop.Source() {
      @Override
      public int fd() {
        return descriptor.fd();
      }

      @Override
      public boolean onReadable(long nowNs) {
        read.run(); // level-triggered: not cleared, so it comes again
        return false;
      }
    };
  }

  @Test
  void aReadableSourceIsReadUntilItIsRemoved() throws Exception {
    try (WakeUp descriptor = new WakeUp()) {
      CountDownLatch reads = new CountDownLatch(3);
      DataLoop.Source source = source(descriptor, reads::countDown);
      loop.start();
      loop.submit(() -> loop.add(source));
      assertThat(reads.await(20, TimeUnit.MILLISECONDS)).isFalse();
      descriptor.signal();
      assertThat(reads.await(5, TimeUnit.SECONDS)).isTrue();
      loop.call(
              () -> {
                loop.remove(source);
                loop.remove(source);
                return true;
              })
          .join();
    }
    assertThat(loop.call(() -> 1).join()).isEqualTo(1);
  }

  @Test
  void aDeadlineThatMovesNearerWhileTheLoopSleepsIsKept() throws Exception {
    OneShot shot = new OneShot();
    loop.add(shot);
    loop.start();
    // Both are nearer than the longest wait; the loop sleeps until the first.
    loop.call(() -> shot.next = System.nanoTime() + 480_000_000L).join();
    loop.call(() -> shot.next = System.nanoTime() + 1_000_000L).join();
    assertThat(shot.rung.await(5, TimeUnit.SECONDS)).isTrue();
    assertThat(shot.lateNs).isBetween(0L, 470_000_000L);
  }

  @Test
  void aDeadlineThatMovesAwayIsKeptAtItsNewTime() throws Exception {
    OneShot shot = new OneShot();
    shot.next = System.nanoTime() + 20_000_000L;
    loop.add(shot);
    loop.start();
    loop.call(() -> shot.next += 60_000_000L).join();
    assertThat(shot.rung.await(5, TimeUnit.SECONDS)).isTrue();
    assertThat(shot.lateNs).isNotNegative();
  }

  /** A timer that is due once, at a time that the test sets by a command. */
  private static final class OneShot implements DataLoop.Timer {
    private final CountDownLatch rung = new CountDownLatch(1);
    private volatile long lateNs;
    private long next = Long.MAX_VALUE;

    @Override
    public long nextDeadlineNs() {
      return next;
    }

    @Override
    public void onDue(long nowNs) {
      lateNs = nowNs - next;
      next = Long.MAX_VALUE;
      rung.countDown();
    }
  }

  @Test
  void busyPollingIsBounded() {
    assertThatThrownBy(() -> loop.busyPoll(50_001)).isInstanceOf(IllegalArgumentException.class);
    loop.busyPoll(50_000);
    loop.start();
    assertThat(loop.call(() -> 1).join()).isEqualTo(1);
  }
}
