// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import oasis.exit.engine.ExitEffects.EndReason;
import oasis.exit.engine.FlowInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line per finished flow, so that an operator can answer who went where and when. Lines are
 * written by a thread of its own from a bounded queue; what does not fit is counted, never waited
 * for. A file that reaches its size is renamed to {@code .1}, {@code .1} to {@code .2}, up to
 * {@link #KEPT}.
 */
final class FlowLog implements AutoCloseable {
  /** Older files that are kept. */
  static final int KEPT = 4;

  private static final int QUEUE = 8192;
  private static final Logger LOG = LoggerFactory.getLogger(FlowLog.class);

  private record Entry(Instant end, FlowInfo flow, EndReason why) {}

  private final Path file;
  private final long maxBytes;
  private final Clock clock;
  private final ArrayBlockingQueue<Entry> queue = new ArrayBlockingQueue<>(QUEUE);
  private final AtomicLong lost = new AtomicLong();
  private final Thread thread = new Thread(this::write, "flow-log");
  private BufferedWriter writer;
  private long bytes;
  private volatile boolean closing;

  /**
   * Opens the file for appending; it is readable by its owner only.
   *
   * @param maxBytes size at which the file is rotated
   */
  FlowLog(Path file, long maxBytes, Clock clock) throws IOException {
    this.file = file;
    this.maxBytes = maxBytes;
    this.clock = clock;
    writer = open();
    thread.setDaemon(true);
    thread.start();
  }

  /** Takes a finished flow; never blocks. Called by the data loop. */
  void add(FlowInfo flow, EndReason why) {
    if (closing || !queue.offer(new Entry(clock.instant(), flow, why))) {
      lost.incrementAndGet();
    }
  }

  /** Flows that could not be written. */
  long lost() {
    return lost.get();
  }

  static String line(Instant end, FlowInfo flow, EndReason why) {
    return "%s began=%s protocol=%s client=%s source=%s mapped=%s destination=%s out-pkts=%d out-bytes=%d in-pkts=%d in-bytes=%d end=%s%n"
        .formatted(
            end.truncatedTo(ChronoUnit.MILLIS),
            end.minusMillis(flow.ageMs()).truncatedTo(ChronoUnit.MILLIS),
            flow.protocol(),
            flow.client(),
            flow.source(),
            flow.mapped(),
            flow.destination(),
            flow.outPkts(),
            flow.outBytes(),
            flow.inPkts(),
            flow.inBytes(),
            why.name().toLowerCase(Locale.ROOT));
  }

  private void write() {
    try {
      while (!closing || !queue.isEmpty()) {
        Entry entry = queue.poll(200, TimeUnit.MILLISECONDS);
        if (entry == null) {
          flush();
        } else {
          write(line(entry.end, entry.flow, entry.why));
        }
      }
      flush();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void write(String line) {
    try {
      if (bytes > 0 && bytes + line.length() > maxBytes) {
        rotate();
      }
      writer.write(line);
      bytes += line.length();
    } catch (IOException e) {
      failed(e);
    }
  }

  private void flush() {
    try {
      writer.flush();
    } catch (IOException e) {
      failed(e);
    }
  }

  /** A full disk must not stop the node: the line is lost and counted, the next one tries again. */
  private void failed(IOException e) {
    if (lost.getAndIncrement() == 0) {
      LOG.error("Cannot write the flow log {}: {}", file, e.getMessage());
    }
  }

  private BufferedWriter open() throws IOException {
    if (!Files.exists(file)) {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    bytes = Files.size(file);
    return Files.newBufferedWriter(file, StandardCharsets.UTF_8, StandardOpenOption.APPEND);
  }

  private void rotate() throws IOException {
    writer.close();
    for (int i = KEPT; i > 0; i--) {
      Path from = i == 1 ? file : numbered(i - 1);
      if (Files.exists(from)) {
        Files.move(from, numbered(i), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    writer = open();
  }

  private Path numbered(int i) {
    return file.resolveSibling(file.getFileName() + "." + i);
  }

  /** Writes what is queued, for at most two seconds, and closes the file. */
  @Override
  public void close() {
    closing = true;
    try {
      thread.join(2000);
      writer.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      failed(e);
    }
  }
}
