// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import oasis.os.OsException;
import oasis.os.linux.Errno;
import oasis.os.linux.Sys;

/**
 * One thread of another process, stopped by ptrace while the others run on, as if it were caught in
 * an endless loop: for tests of what watches over it. It still dies with its process.
 */
public final class StalledThread implements AutoCloseable {
  private static final int PTRACE_DETACH = 17;
  private static final int PTRACE_SEIZE = 0x4206;
  private static final int PTRACE_INTERRUPT = 0x4207;

  /** Waits for threads of other processes, too. */
  private static final int WALL = 0x4000_0000;

  private static final int WNOHANG = 1;
  private static final long POLL_MS = 5;
  private static final long GONE_MS = 1000;

  private final int tid;
  private final CompletableFuture<Boolean> stopped = new CompletableFuture<>();
  private final Thread tracer = new Thread(this::trace, "tracer");
  private volatile boolean closed;

  private StalledThread(int tid) {
    this.tid = tid;
  }

  /**
   * Stops the first thread of a name; when this returns, it stands still.
   *
   * @param pid the process
   * @param name of the thread as the kernel knows it
   */
  public static StalledThread of(long pid, String name) throws OsException {
    StalledThread thread = new StalledThread(find(pid, name));
    thread.tracer.setDaemon(true);
    thread.tracer.start();
    try {
      thread.stopped.get();
      return thread;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OsException("interrupted", e);
    } catch (ExecutionException e) {
      throw new OsException("thread " + name + " of " + pid + ": " + e.getCause(), e);
    }
  }

  private static int find(long pid, String name) throws OsException {
    try (DirectoryStream<Path> threads =
        Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "task"))) {
      for (Path thread : threads) {
        if (Files.readString(thread.resolve("comm")).strip().equals(name)) {
          return Integer.parseInt(thread.getFileName().toString());
        }
      }
    } catch (IOException e) {
      throw new OsException("threads of process " + pid + ": " + e.getMessage(), e);
    }
    throw new OsException("process " + pid + " has no thread named " + name);
  }

  /** All requests about a thread have to come from one thread. */
  private void trace() {
    try {
      String text = Integer.toString(tid);
      Errno.check((int) Sys.ptrace(PTRACE_SEIZE, tid, 0, 0), "ptrace: seize", text);
      Errno.check((int) Sys.ptrace(PTRACE_INTERRUPT, tid, 0, 0), "ptrace: interrupt", text);
      Errno.check(Sys.waitpid(tid, WALL), "waitpid", text);
      stopped.complete(true);
      // Until it has been waited for, its process cannot end.
      while (!closed && Sys.waitpid(tid, WALL | WNOHANG) == 0) {
        Thread.sleep(POLL_MS);
      }
      Sys.ptrace(PTRACE_DETACH, tid, 0, 0);
    } catch (OsException e) {
      stopped.completeExceptionally(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Lets it run again, if it still lives. */
  @Override
  public void close() {
    closed = true;
    try {
      tracer.join(GONE_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
