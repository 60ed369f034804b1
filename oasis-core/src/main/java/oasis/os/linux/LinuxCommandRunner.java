// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import oasis.os.CommandRunner;
import oasis.os.OsException;

/** Runs commands as child processes, in this network namespace or in a named one. Thread-safe. */
public final class LinuxCommandRunner implements CommandRunner {
  private static final Duration TIME_OUT = Duration.ofSeconds(20);
  private static final int OUTPUT_CAP_BYTES = 4 << 20;

  private final List<String> prefix;
  private final Duration timeOut;

  /** Runs commands in the network namespace of this process. */
  public LinuxCommandRunner() {
    this(List.of(), TIME_OUT);
  }

  LinuxCommandRunner(List<String> prefix, Duration timeOut) {
    this.prefix = prefix;
    this.timeOut = timeOut;
  }

  /**
   * Runs commands in a named network namespace.
   *
   * @param name name as {@code ip netns} knows it
   */
  public static LinuxCommandRunner inNamespace(String name) {
    return new LinuxCommandRunner(List.of("ip", "netns", "exec", name), TIME_OUT);
  }

  @Override
  public Result run(List<String> command, String input) throws OsException {
    List<String> argv = new ArrayList<>(prefix);
    argv.addAll(command);
    Process process = start(argv);
    CompletableFuture<String> out = drain(process, process.getInputStream());
    CompletableFuture<String> err = drain(process, process.getErrorStream());
    CompletableFuture<Boolean> in = feed(process, input);
    try {
      if (!process.waitFor(timeOut.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new OsException(
            String.join(" ", argv) + ": no end after " + timeOut.toSeconds() + " s");
      }
      in.get(1, TimeUnit.SECONDS);
      return new Result(
          process.exitValue(), out.get(1, TimeUnit.SECONDS), err.get(1, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OsException(String.join(" ", argv) + ": interrupted", e);
    } catch (ExecutionException | TimeoutException e) {
      Throwable why = e.getCause() == null ? e : e.getCause();
      throw new OsException(String.join(" ", argv) + ": " + why.getMessage(), e);
    } finally {
      process.destroyForcibly();
    }
  }

  private static Process start(List<String> argv) throws OsException {
    ProcessBuilder builder = new ProcessBuilder(argv);
    builder.environment().put("LC_ALL", "C");
    try {
      return builder.start();
    } catch (IOException e) {
      throw new OsException(argv.get(0) + ": cannot be started: " + e.getMessage(), e);
    }
  }

  /** Reads a stream to its end on a thread of its own, so that the child never blocks on a pipe. */
  private static CompletableFuture<String> drain(Process process, InputStream stream) {
    return async(
        () -> {
          byte[] bytes = stream.readNBytes(OUTPUT_CAP_BYTES + 1);
          if (bytes.length > OUTPUT_CAP_BYTES) {
            process.destroyForcibly();
            throw new IOException("more than " + OUTPUT_CAP_BYTES + " bytes of output");
          }
          return new String(bytes, UTF_8);
        });
  }

  /** Writes the input; the result tells whether the child took all of it. */
  private static CompletableFuture<Boolean> feed(Process process, String input) {
    return async(
        () -> {
          try (OutputStream stream = process.getOutputStream()) {
            stream.write(input.getBytes(UTF_8));
            return true;
          } catch (IOException e) {
            return false; // it closed its input without reading all: its exit status decides
          }
        });
  }

  private interface Work<T> {
    T run() throws IOException;
  }

  private static <T> CompletableFuture<T> async(Work<T> work) {
    CompletableFuture<T> future = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                future.complete(work.run());
              } catch (IOException | RuntimeException e) {
                future.completeExceptionally(e);
              }
            },
            "command-pipe");
    thread.setDaemon(true);
    thread.start();
    return future;
  }
}
