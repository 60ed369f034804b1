// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import oasis.os.OsException;
import oasis.os.linux.Sys;

/**
 * A program that was started in a node. Its output goes to two files, and line by line to its
 * listener. Thread-safe.
 */
public final class Program implements AutoCloseable {
  private static final int SIGTERM = 15;
  private static final int SIGKILL = 9;
  private static final int OUTPUT_CAP_BYTES = 16 << 20;
  private static final int KEPT_LINES = 10_000;
  private static final long DRAIN_MS = 500;

  private final String name;
  private final Process process;
  private final Path outputFile;
  private final Path errorFile;
  private final Consumer<String> listener;
  private final List<Thread> pumps;
  private final Deque<String> lines = new ArrayDeque<>();
  private long linesSeen;
  private int pumpsRunning;

  /** Takes over a process that has just been started. */
  Program(String name, Process process, Path directory, Consumer<String> listener) {
    this.name = name;
    this.process = process;
    this.listener = listener;
    outputFile = directory.resolve(name + ".out");
    errorFile = directory.resolve(name + ".err");
    pumps =
        List.of(
            pump(process.getInputStream(), outputFile), pump(process.getErrorStream(), errorFile));
    pumpsRunning = pumps.size();
    pumps.forEach(Thread::start);
  }

  private Thread pump(InputStream from, Path to) {
    OutputPump pump = new OutputPump(from, to, this::onLine);
    Thread thread =
        new Thread(
            () -> {
              pump.run();
              onEnd();
            },
            "output-" + name);
    thread.setDaemon(true);
    return thread;
  }

  private void onLine(String line) {
    synchronized (lines) {
      linesSeen++;
      lines.addLast(line);
      if (lines.size() > KEPT_LINES) {
        lines.removeFirst();
      }
      lines.notifyAll();
    }
    listener.accept(line);
  }

  private void onEnd() {
    synchronized (lines) {
      pumpsRunning--;
      lines.notifyAll();
    }
  }

  /** Name, unique within the emulation: node and command, with a number if needed. */
  public String name() {
    return name;
  }

  /** Its process id, which is also that of its session and process group. */
  public long pid() {
    return process.pid();
  }

  /** Whether it still runs. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /**
   * Waits for its end.
   *
   * @return exit status; 127 when there is no such program, 128 + n when signal n ended it
   * @throws OsException when it still runs after {@code timeOut}; it goes on then
   */
  public int waitFor(Duration timeOut) throws OsException {
    try {
      if (!process.waitFor(timeOut.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new OsException(name + ": no end after " + timeOut.toMillis() + " ms");
      }
      // What it started may hold its output open; only what is there already is waited for.
      for (Thread pump : pumps) {
        pump.join(DRAIN_MS);
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OsException(name + ": interrupted", e);
    }
  }

  /**
   * Waits until a line of standard output or standard error contains {@code text}, now or before.
   *
   * @return the line
   * @throws OsException when none does within {@code timeOut}, or the program ends without
   */
  public String awaitLine(String text, Duration timeOut) throws OsException {
    long end = System.nanoTime() + timeOut.toNanos();
    synchronized (lines) {
      long checked = 0;
      while (true) {
        long skip = Math.max(0, lines.size() - (linesSeen - checked));
        for (String line : lines) {
          if (skip-- <= 0 && line.contains(text)) {
            return line;
          }
        }
        checked = linesSeen;
        long left = end - System.nanoTime();
        if (left <= 0 || pumpsRunning == 0) {
          throw new OsException(
              (name + " did not print \"" + text + "\"")
                  + (left <= 0 ? " within " + timeOut.toMillis() + " ms" : " before it ended")
                  + (lines.isEmpty() ? "" : "; its last line: " + lines.getLast()));
        }
        awaitChange(left);
      }
    }
  }

  private void awaitChange(long leftNs) throws OsException {
    try {
      TimeUnit.NANOSECONDS.timedWait(lines, leftNs);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OsException(name + ": interrupted", e);
    }
  }

  /**
   * Sends a signal to its process group, unless the program itself has ended: what it left behind
   * is killed when the emulation closes.
   */
  public void signal(int number) {
    // While the leader has not ended, its id cannot have become that of another group.
    if (process.isAlive()) {
      Sys.kill(-(int) process.pid(), number);
    }
  }

  /** Ends it: SIGTERM, and SIGKILL if it still runs after {@code grace}. */
  public void stop(Duration grace) {
    signal(SIGTERM);
    try {
      if (!process.waitFor(grace.toMillis(), TimeUnit.MILLISECONDS)) {
        close();
      }
    } catch (InterruptedException e) {
      close();
      Thread.currentThread().interrupt();
    }
  }

  /** Kills its process group and waits until its output is in the files. */
  @Override
  public void close() {
    signal(SIGKILL);
    // It may not have made its own process group yet.
    process.destroyForcibly();
    try {
      process.waitFor(DRAIN_MS, TimeUnit.MILLISECONDS);
      for (Thread pump : pumps) {
        pump.join(DRAIN_MS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The file with its standard output. */
  public Path outputFile() {
    return outputFile;
  }

  /** The file with its standard error. */
  public Path errorFile() {
    return errorFile;
  }

  /** Its standard output so far, at most the first 16 MiB. */
  public String output() throws OsException {
    return text(outputFile);
  }

  /** Its standard error so far, at most the first 16 MiB. */
  public String errors() throws OsException {
    return text(errorFile);
  }

  private static String text(Path file) throws OsException {
    try (InputStream stream = Files.newInputStream(file)) {
      return new String(stream.readNBytes(OUTPUT_CAP_BYTES), UTF_8);
    } catch (IOException e) {
      throw new OsException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }
}
