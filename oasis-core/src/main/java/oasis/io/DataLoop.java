// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import oasis.os.OsException;

/**
 * The one thread that moves packets. A turn: wait for a readable source, a due timer or a command;
 * then commands, timers and one bounded batch of each readable source, in turn. Sources, timers and
 * the heart beat are added before {@link #start} or from the loop's own thread; {@link #submit} and
 * {@link #call} may be used from any thread.
 */
public final class DataLoop implements AutoCloseable {
  /** Something to read from. */
  public interface Source {
    /** File descriptor that becomes readable. */
    int fd();

    /**
     * Reads and handles one bounded batch, and flushes what it queued.
     *
     * @param nowNs time of this turn, {@link System#nanoTime}
     * @return true when there may be more to read right now
     */
    boolean onReadable(long nowNs);
  }

  /** Something that is due at certain times. */
  public interface Timer {
    /** When {@link #onDue} wants to run, {@link System#nanoTime}; Long.MAX_VALUE for never. */
    long nextDeadlineNs();

    /** Runs what is due. */
    void onDue(long nowNs);
  }

  /**
   * Prepares a loop; its thread is not started yet.
   *
   * @param name name of the thread
   */
  public DataLoop(String name) throws OsException {
    throw new UnsupportedOperationException("being written " + name);
  }

  /**
   * Lets the loop spin for up to this long after its last packet before it sleeps: lower latency
   * for CPU time. 0, the default, sleeps at once.
   *
   * @param ns 0 to 50,000
   */
  public void busyPoll(long ns) {}

  /** Adds a source. */
  public void add(Source source) {}

  /** Removes a source; one that is not there is no error. */
  public void remove(Source source) {}

  /** Adds a timer. */
  public void add(Timer timer) {}

  /** Sets what runs once per turn and at least every 500 ms, whatever else there is to do. */
  public void heartBeat(Runnable beat) {}

  /** Starts the thread. */
  public void start() {}

  /** Runs a command on the loop, soon and in order; after {@link #close} it is not run. */
  public void submit(Runnable command) {}

  /** Runs a command on the loop and gives its result; fails with what it threw, or when closed. */
  public <T> CompletableFuture<T> call(Supplier<T> command) {
    return new CompletableFuture<>();
  }

  /** Exceptions that handlers let escape; each was logged, at most one a second. */
  public long failures() {
    return 0;
  }

  /** Ends the loop after its current turn and waits for its thread; from the loop, only ends it. */
  @Override
  public void close() {}
}
