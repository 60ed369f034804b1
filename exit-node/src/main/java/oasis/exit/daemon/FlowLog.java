// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import oasis.exit.engine.ExitEffects.EndReason;
import oasis.exit.engine.FlowInfo;
import oasis.exit.engine.FlowRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes down the beginning and the end of each flow, and now and then that it lives, so that an
 * operator can answer who went where and when, also after a crash. The data loop hands flows over
 * by a ring and never waits; a thread of its own writes them within a few hundredths of a second.
 * What does not fit is counted, and the log says so where it is missing.
 */
final class FlowLog implements AutoCloseable {
  private static final int ROOM = 8192;

  /** Between two looks while there is something to write, so that the loop rarely wakes us. */
  private static final long NAP_NS = 20_000_000;

  private static final FlowRecord NONE = new FlowRecord();
  private static final Logger LOG = LoggerFactory.getLogger(FlowLog.class);

  private final Path path;
  private final Clock clock;
  private final FlowFile file;
  private final FlowRing ring = new FlowRing(ROOM);
  private final AtomicLong overflow = new AtomicLong();
  private final Thread thread = new Thread(this::run, "flow-log");
  private final StringBuilder line = new StringBuilder();
  private long lostSaid;
  private volatile String started = "";
  private boolean failing;
  private volatile long failed;
  private final AtomicLong written = new AtomicLong();
  private volatile boolean asleep;
  private volatile boolean closing;
  private volatile FlowLogSettings settings;
  private volatile boolean reopen;

  /**
   * Opens the file for appending.
   *
   * @param path the file, whatever the settings say
   */
  FlowLog(Path path, FlowLogSettings settings, Clock clock) throws IOException {
    this.path = path;
    this.settings = settings;
    this.clock = clock;
    file = new FlowFile(path, settings.maxBytes(), settings.kept());
    thread.setDaemon(true);
    thread.start();
  }

  /** The node starts; before the data loop does. */
  void started(String backend) {
    started = backend;
    add(FlowLine.Event.START, NONE, null);
  }

  /** A flow began. Data loop only. */
  void began(FlowRecord flow) {
    add(FlowLine.Event.BEGIN, flow, null);
  }

  /** A flow lives. Data loop only. */
  void alive(FlowRecord flow) {
    add(FlowLine.Event.ALIVE, flow, null);
  }

  /** A flow ended. Data loop only. */
  void ended(FlowRecord flow, EndReason why) {
    add(FlowLine.Event.END, flow, why);
  }

  private void add(FlowLine.Event event, FlowRecord flow, @Nullable EndReason why) {
    FlowRing.Slot slot = closing ? null : ring.claim();
    if (slot == null) {
      overflow.incrementAndGet();
      return;
    }
    slot.event = event;
    slot.why = why;
    slot.flow.set(flow);
    slot.timeMs = clock.millis();
    slot.nowNs = System.nanoTime();
    ring.publish();
    if (asleep) {
      LockSupport.unpark(thread);
    }
  }

  /** Lines that could not be written. */
  long lost() {
    return overflow.get() + failed;
  }

  /** Lines written since the start. */
  long written() {
    return written.get();
  }

  /** Takes other limits, and looks for the file again: it may have been moved. */
  void reload(FlowLogSettings now) {
    settings = now;
    reopen = true;
    LockSupport.unpark(thread);
  }

  private void run() {
    while (!closing) {
      writeAll();
      LockSupport.parkNanos(NAP_NS);
      asleep = true;
      if (ring.peek() == null && !closing && !reopen) {
        LockSupport.park(this);
      }
      asleep = false;
    }
    writeAll();
  }

  private void writeAll() {
    try {
      if (reopen) {
        reopen = false;
        file.limits(settings.maxBytes(), settings.kept());
        file.reopen();
      }
      long lost = lost();
      if (lost > lostSaid) {
        file.append(FlowLine.lost(clock.millis(), lost - lostSaid));
      }
      for (FlowRing.Slot slot = ring.peek(); slot != null; slot = ring.peek()) {
        line.setLength(0);
        write(slot);
        ring.release();
        file.append(line);
        written.incrementAndGet();
      }
      file.flush();
      lostSaid = lost;
      failing = false;
    } catch (IOException e) {
      failed(e);
    }
    failed = file.failed();
  }

  private void write(FlowRing.Slot slot) {
    if (slot.event == FlowLine.Event.START) {
      line.append(FlowLine.start(slot.timeMs, started));
    } else {
      FlowInfo flow = FlowInfo.of(slot.flow, slot.nowNs);
      FlowLine.append(line, slot.event, slot.timeMs, flow, slot.why);
    }
  }

  /** A full disk must not stop the node: lines are lost and counted, the next ones are tried. */
  private void failed(IOException e) {
    if (!failing) {
      LOG.error("Cannot write the flow log {}: {}", path, e.getMessage());
    }
    failing = true;
  }

  /** Writes what waits, for at most two seconds, and closes the file. */
  @Override
  public void close() {
    closing = true;
    LockSupport.unpark(thread);
    try {
      thread.join(TimeUnit.SECONDS.toMillis(2));
      if (!thread.isAlive()) {
        file.close();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      failed(e);
    }
  }
}
