// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.failover;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import oasis.experiments.failover.Step.Attempt;
import oasis.experiments.failover.Step.Download;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;

/**
 * One failure under load: downloads begin, the entry node fails, further connections begin one
 * after the other, and each download that was cut off is tried once more. All connections belong to
 * the thread that runs this, in the network namespace of the client's host.
 */
final class Trial implements AutoCloseable {
  private static final long NS_PER_MS = 1_000_000L;
  private static final double NS_PER_S = 1e9;
  private static final long START_NS = 15_000_000_000L;
  private static final long PATIENCE_NS = 20_000_000_000L;
  private static final long TURN_MS = 20;
  private static final int MOST_TRIES = 20;

  private final FailoverNetwork network;
  private final Selector selector;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 16);
  private final List<Cut> downloads = new ArrayList<>();
  private final List<Begun> attempts = new ArrayList<>();
  private long failedNs;

  /** What was seen of one failure. */
  record Outcome(List<Download> downloads, List<Attempt> attempts) {}

  /** A download, and its retry once it has been cut off. */
  private static final class Cut {
    final Fetch first;
    @Nullable Fetch again;

    Cut(Fetch first) {
      this.first = first;
    }
  }

  /** A connection that begins after the failure. */
  private static final class Begun {
    final long atNs;
    Fetch last;
    int tries = 1;

    Begun(Fetch first) {
      atNs = first.beganNs();
      last = first;
    }
  }

  Trial(FailoverNetwork network) throws IOException {
    this.network = network;
    selector = Selector.open();
  }

  /**
   * Waits until new connections go by the overlay.
   *
   * @throws OsException when they do not for too long
   */
  void awaitOverlay() throws OsException, IOException {
    long end = System.nanoTime() + START_NS;
    while (System.nanoTime() < end) {
      Fetch one = begin(Feed.HEAD_BYTES);
      turnUntil(one::ended, 1_000);
      one.end();
      if (one.complete() && one.peer() == network.exitAddress()) {
        return;
      }
      turnUntil(() -> false, 100);
    }
    throw new OsException("the overlay does not carry new connections");
  }

  /**
   * Runs it.
   *
   * @param phaseMs how long the downloads run before the failure, besides
   */
  Outcome run(Failure failure, int phaseMs) throws OsException, IOException {
    for (int i = 0; i < Plan.DOWNLOADS; i++) {
      downloads.add(new Cut(begin(Feed.BYTES)));
    }
    turnUntil(() -> downloads.stream().allMatch(one -> one.first.started()), START_NS / NS_PER_MS);
    for (Cut one : downloads) {
      if (one.first.peer() != network.exitAddress()) {
        throw new OsException("a download did not begin by the overlay");
      }
    }
    turnUntil(() -> false, phaseMs);
    failedNs = System.nanoTime();
    CompletableFuture<Void> failing = network.fail(failure);
    for (int i = 0; i < Plan.ATTEMPTS; i++) {
      attempts.add(new Begun(begin(Feed.HEAD_BYTES)));
      turnUntil(() -> false, Plan.ATTEMPT_MS);
    }
    turnUntil(this::isOver, PATIENCE_NS / NS_PER_MS);
    join(failing);
    return outcome();
  }

  private static void join(CompletableFuture<Void> failing) throws OsException {
    try {
      failing.join();
    } catch (CompletionException e) {
      throw new OsException("the entry node could not be made to fail: " + e.getCause(), e);
    }
  }

  private Fetch begin(int wanted) throws IOException {
    return Fetch.begin(selector, FailoverNetwork.server(), wanted);
  }

  /** Lets all connections go on until something holds, at most so long. */
  private void turnUntil(BooleanSupplier done, long ms) throws IOException {
    long end = System.nanoTime() + ms * NS_PER_MS;
    for (long left = ms; left > 0 && !done.getAsBoolean(); ) {
      selector.select(Math.min(left, TURN_MS));
      for (SelectionKey key : selector.selectedKeys()) {
        if (key.attachment() instanceof Fetch fetch && key.isValid()) {
          fetch.advance(key, buffer);
        }
      }
      selector.selectedKeys().clear();
      tryAgain();
      left = (end - System.nanoTime() + NS_PER_MS - 1) / NS_PER_MS;
    }
  }

  private void tryAgain() throws IOException {
    if (failedNs == 0) {
      return;
    }
    for (Cut one : downloads) {
      if (one.again == null && one.first.ended() && !one.first.complete()) {
        one.again = begin(Feed.BYTES);
      }
    }
    for (Begun one : attempts) {
      if (one.last.ended() && !one.last.complete() && one.tries < MOST_TRIES) {
        one.last = begin(Feed.HEAD_BYTES);
        one.tries++;
      }
    }
  }

  private boolean isOver() {
    return attempts.stream().allMatch(one -> one.last.ended())
        && downloads.stream().allMatch(Trial::isOver);
  }

  private static boolean isOver(Cut one) {
    return one.again == null ? one.first.complete() : one.again.ended();
  }

  private Outcome outcome() {
    return new Outcome(
        downloads.stream().map(this::seen).toList(), attempts.stream().map(this::seen).toList());
  }

  private Download seen(Cut one) {
    Fetch again = one.again;
    if (again == null) {
      return new Download(Step.NEVER, Step.NEVER, false);
    }
    return new Download(
        seconds(one.first.endedNs() - failedNs),
        again.started() ? seconds(again.firstNs() - again.beganNs()) : Step.NEVER,
        again.complete());
  }

  private Attempt seen(Begun one) {
    return new Attempt(
        seconds(one.atNs - failedNs),
        one.last.complete() ? seconds(one.last.firstNs() - one.atNs) : Step.NEVER,
        one.tries);
  }

  private static double seconds(long ns) {
    return ns / NS_PER_S;
  }

  @Override
  public void close() throws IOException {
    downloads.forEach(one -> one.first.end());
    for (Cut one : downloads) {
      Fetch again = one.again;
      if (again != null) {
        again.end();
      }
    }
    attempts.forEach(one -> one.last.end());
    selector.close();
  }
}
