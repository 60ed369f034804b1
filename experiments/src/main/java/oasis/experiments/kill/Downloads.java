// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import oasis.emulator.Node;
import oasis.emulator.Program;
import oasis.experiments.measure.Pause;
import oasis.os.OsException;

/** Programs that download by the client, slowly, and what became of them. */
final class Downloads implements AutoCloseable {
  private static final long BEGUN_BYTES = 100_000;
  private static final int BEGUN_TRIES = 200;
  private static final long PAUSE_MS = 20;
  private static final long LONGEST_MS = 15_000;
  private static final double NS_PER_MS = 1e6;

  private final List<Path> files = new ArrayList<>();
  private final List<Program> programs = new ArrayList<>();
  private final List<CompletableFuture<Long>> ends = new ArrayList<>();

  /** Starts one by name and one by header rule. */
  void start(Node node, Path directory) throws OsException, IOException {
    for (String host : List.of(KillNetwork.name(1), KillNetwork.WEB)) {
      Path file = directory.resolve("download-" + files.size());
      Files.deleteIfExists(file);
      files.add(file);
      String[] argv = {"curl", "-sSN", "-m", "60", "--limit-rate", "1M", "-o", file.toString()};
      List<String> all = new ArrayList<>(List.of(argv));
      all.add("http://" + host + "/big");
      Program program = node.start(all.toArray(String[]::new));
      programs.add(program);
      ends.add(end(program));
    }
  }

  /** When a program's process ends, {@link System#nanoTime}. */
  static CompletableFuture<Long> end(Program program) {
    return ProcessHandle.of(program.pid())
        .map(ProcessHandle::onExit)
        .orElseGet(() -> CompletableFuture.completedFuture(null))
        .thenApply(process -> System.nanoTime());
  }

  /** Waits until all have got something; false when they do not. */
  boolean begun() throws OsException, IOException {
    for (int i = 0; i < BEGUN_TRIES; i++) {
      boolean all = true;
      for (Path file : files) {
        all &= Files.exists(file) && Files.size(file) > BEGUN_BYTES;
      }
      if (all) {
        return true;
      }
      Pause.ms(PAUSE_MS);
    }
    return false;
  }

  /** The ms from the blow until the last program had ended by itself; -1 without programs. */
  double toldMs(long blowNs) throws OsException {
    double last = -1;
    for (CompletableFuture<Long> end : ends) {
      last = Math.max(last, ms(end, blowNs, LONGEST_MS));
    }
    return last;
  }

  /** The ms from the blow until something ended; {@code longestMs} when it did not. */
  static double ms(CompletableFuture<Long> end, long blowNs, long longestMs) throws OsException {
    try {
      return Math.max(0, (end.get(longestMs, TimeUnit.MILLISECONDS) - blowNs) / NS_PER_MS);
    } catch (TimeoutException e) {
      return longestMs;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OsException("interrupted", e);
    } catch (ExecutionException e) {
      throw new OsException("an end was missed: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    programs.forEach(Program::close);
  }
}
