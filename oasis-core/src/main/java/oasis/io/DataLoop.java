// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import oasis.os.OsException;
import oasis.os.linux.Alarm;
import oasis.os.linux.LinuxConstants;
import oasis.os.linux.Poller;
import oasis.os.linux.Sys;
import oasis.os.linux.WakeUp;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that moves packets. A turn: wait for a readable source, a due timer or a command;
 * then commands, timers and one bounded batch of each readable source, in turn. Sources, timers and
 * the heart beat are added before {@link #start} or from the loop's own thread; {@link #submit},
 * {@link #call}, {@link #failures} and {@link #close} may be used from any thread.
 */
public final class DataLoop implements AutoCloseable {
  /** Longest time between two turns, so that a heart beat says that the loop lives. */
  public static final long LONGEST_WAIT_NS = 1_000_000_000L;

  private static final Logger LOG = LoggerFactory.getLogger(DataLoop.class);
  private static final long LOG_INTERVAL_NS = 1_000_000_000L;
  private static final long MAX_BUSY_POLL_NS = 50_000;
  private static final int COMMANDS_PER_TURN = 64;
  private static final int TURNS = 16;

  // Places in the poller; the sources follow.
  private static final int WAKE_UP = 0;
  private static final int ALARM = 1;
  private static final int SOURCES = 2;

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

  private final Thread thread;
  private final WakeUp wakeUp;
  private final Alarm alarm;
  private final Poller poller = new Poller();
  private final List<Source> sources = new ArrayList<>();
  private final List<Timer> timers = new ArrayList<>();
  private final ConcurrentLinkedQueue<Runnable> commands = new ConcurrentLinkedQueue<>();
  private Runnable heartBeat = () -> {};
  private long busyPollNs;
  private long busyUntilNs;
  // The earliest deadline, while nothing has run that may have changed one.
  private boolean deadlineKnown;
  private long deadlineNs;
  private boolean alarmSet;
  private long alarmNs;
  private long lastLogNs;
  private volatile boolean sleeping;
  private volatile boolean closed;
  private volatile long failures;

  /**
   * Prepares a loop; its thread is not started yet.
   *
   * @param name name of the thread
   */
  public DataLoop(String name) throws OsException {
    wakeUp = new WakeUp();
    alarm = openAlarm(wakeUp);
    poller.add(wakeUp.fd());
    poller.add(alarm.fd());
    thread = new Thread(this::run, name);
  }

  private static Alarm openAlarm(WakeUp wakeUp) throws OsException {
    try {
      return new Alarm();
    } catch (OsException e) {
      wakeUp.close();
      throw e;
    }
  }

  /**
   * Lets the loop look without sleeping for up to this long after its last packet: lower latency
   * for CPU time. 0, the default, sleeps at once.
   *
   * @param ns 0 to 50,000
   */
  public void busyPoll(long ns) {
    if (ns < 0 || ns > MAX_BUSY_POLL_NS) {
      throw new IllegalArgumentException("busy polling of " + ns + " ns is not 0 to 50000");
    }
    busyPollNs = ns;
  }

  /** Adds a source. */
  public void add(Source source) {
    poller.add(source.fd());
    sources.add(source);
  }

  /** Removes a source, before its descriptor is closed; one that is not there is no error. */
  public void remove(Source source) {
    int index = sources.indexOf(source);
    if (index >= 0) {
      sources.remove(index);
      poller.remove(SOURCES + index);
    }
  }

  /** Adds a timer. */
  public void add(Timer timer) {
    timers.add(timer);
  }

  /** Sets what runs at the end of each turn and at least every second, whatever there is to do. */
  public void heartBeat(Runnable beat) {
    heartBeat = beat;
  }

  /** Starts the thread. */
  public void start() {
    thread.start();
  }

  /** Runs a command on the loop, soon and in order; after {@link #close} it is not run. */
  public void submit(Runnable command) {
    commands.add(command);
    if (sleeping) {
      wakeUp.signal();
    }
  }

  /** Runs a command on the loop and gives its result; fails with what it threw, or when closed. */
  public <T> CompletableFuture<T> call(Supplier<T> command) {
    CompletableFuture<T> future = new CompletableFuture<>();
    submit(new Call<>(command, future));
    if (closed) {
      cancelCommands();
    }
    return future;
  }

  private record Call<T>(Supplier<T> command, CompletableFuture<T> future) implements Runnable {
    @Override
    public void run() {
      try {
        future.complete(command.get());
      } catch (Throwable e) { // who called waits for an answer
        future.completeExceptionally(e);
      }
    }
  }

  /** Exceptions that handlers let escape; each was counted, and at most one a second was logged. */
  public long failures() {
    return failures;
  }

  /** Ends the loop after its current turn and waits for its thread; from the loop, only ends it. */
  @Override
  public void close() {
    closed = true;
    if (Thread.currentThread() == thread) {
      return;
    }
    if (thread.getState() == Thread.State.NEW) {
      end();
      return;
    }
    wakeUp.signal();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    // The kernel may otherwise delay each time-out by 50 µs.
    Sys.prctl(LinuxConstants.PR_SET_TIMERSLACK, 1, 0, 0, 0);
    boolean sleep = false;
    while (!closed) {
      try {
        sleep = turns(sleep);
      } catch (Throwable e) { // the last resort: the host's network hangs on this thread
        fail(e);
        sleep = false;
      }
    }
    end();
  }

  /**
   * A few turns. A loop without end would be interpreted for its first 60,000 rounds, which costs
   * some microseconds with each packet; a method that is called often is compiled soon.
   */
  private boolean turns(boolean sleep) {
    boolean mayRest = sleep;
    for (int i = 0; i < TURNS && !closed; i++) {
      mayRest = turn(mayRest);
    }
    return mayRest;
  }

  /** One turn. Returns whether the next one may sleep first. */
  private boolean turn(boolean sleep) {
    await(sleep);
    long now = System.nanoTime();
    runCommands();
    if (closed) {
      return false;
    }
    if (!deadlineKnown || deadlineNs - now <= 0) {
      runTimers(now);
    }
    deadlineKnown = false;
    boolean busy = false;
    boolean more = false;
    for (int i = 0; i < sources.size(); i++) {
      if (poller.ready(SOURCES + i)) {
        busy = true;
        more |= read(sources.get(i), now);
      }
    }
    // After the packets: whoever listens to it may be woken by it, and they would wait for that.
    beat();
    if (busy && busyPollNs > 0) {
      busyUntilNs = now + busyPollNs;
    }
    if (more || busyPollNs > 0 && now - busyUntilNs < 0) {
      return false;
    }
    return setAlarm(now);
  }

  private void await(boolean sleep) {
    if (!sleep) {
      poller.await(0);
    } else {
      sleeping = true;
      // A command that came before the line above sent no signal.
      poller.await(commands.isEmpty() && !closed ? -1 : 0);
      sleeping = false;
    }
    if (poller.ready(WAKE_UP)) {
      wakeUp.clear();
    }
    if (poller.ready(ALARM)) {
      alarm.clear();
      alarmSet = false;
    }
  }

  private void runCommands() {
    for (int i = 0; i < COMMANDS_PER_TURN; i++) {
      Runnable command = commands.poll();
      if (command == null) {
        return;
      }
      deadlineKnown = false;
      try {
        command.run();
      } catch (Throwable e) {
        fail(e);
      }
    }
  }

  // Each handler's failure is its own, an Error's, too: none may starve the others.

  private boolean read(Source source, long now) {
    try {
      return source.onReadable(now);
    } catch (Throwable e) {
      fail(e);
      return false;
    }
  }

  private void runTimers(long now) {
    for (int i = 0; i < timers.size(); i++) {
      Timer timer = timers.get(i);
      try {
        // Deadlines are compared as differences: nanoTime may wrap around.
        long next = timer.nextDeadlineNs();
        if (next != Long.MAX_VALUE && next - now <= 0) {
          timer.onDue(now);
        }
      } catch (Throwable e) {
        fail(e);
      }
    }
  }

  private void beat() {
    try {
      heartBeat.run();
    } catch (Throwable e) {
      fail(e);
    }
  }

  /**
   * Sees to it that the loop wakes up for the next deadline. An alarm that is set to an earlier
   * time stays as it is: deadlines move away with each packet, and one turn too many now and then
   * costs less than setting the alarm each time.
   *
   * @return false when something is due already
   */
  private boolean setAlarm(long now) {
    long wait = LONGEST_WAIT_NS;
    for (int i = 0; i < timers.size(); i++) {
      try {
        long next = timers.get(i).nextDeadlineNs();
        if (next != Long.MAX_VALUE) {
          wait = Math.min(wait, next - now);
        }
      } catch (Throwable e) {
        fail(e); // it is asked again at the next turn
      }
    }
    deadlineKnown = true;
    deadlineNs = now + wait;
    if (wait <= 0) {
      return false;
    }
    if (!alarmSet || alarmNs - deadlineNs > 0) {
      alarm.set(wait);
      alarmSet = true;
      alarmNs = deadlineNs;
    }
    return true;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // written by the loop's thread only
  private void fail(Throwable e) {
    failures++;
    long now = System.nanoTime();
    if (failures == 1 || now - lastLogNs > LOG_INTERVAL_NS) {
      lastLogNs = now;
      LOG.error("{}: a handler failed ({} failures so far)", thread.getName(), failures, e);
    }
  }

  private void end() {
    cancelCommands();
    wakeUp.close();
    alarm.close();
  }

  private void cancelCommands() {
    for (Runnable c = commands.poll(); c != null; c = commands.poll()) {
      if (c instanceof Call<?> call) {
        call.future().completeExceptionally(new IllegalStateException("the data loop has ended"));
      }
    }
  }
}
