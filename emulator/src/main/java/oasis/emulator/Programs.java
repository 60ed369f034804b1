// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import oasis.os.OsException;

/**
 * Starts the programs of an emulation. All are started by one thread that lives as long as the
 * emulation, because the kernel kills a program with {@code PR_SET_PDEATHSIG} when the thread that
 * started it ends, not only when the process does. Thread-safe.
 */
final class Programs implements AutoCloseable {
  private static final File NOTHING = new File("/dev/null");

  private final Path directory;
  private final ExecutorService starter;
  private final List<Program> programs = new ArrayList<>();
  private final Map<String, Integer> names = new HashMap<>();
  private boolean closed;

  Programs(Path directory) {
    this.directory = directory;
    starter =
        Executors.newSingleThreadExecutor(
            work -> {
              Thread thread = new Thread(work, "program-starter");
              thread.setDaemon(true);
              return thread;
            });
  }

  Program start(Node node, Command command) throws OsException {
    ProcessBuilder builder = new ProcessBuilder(arguments(node, command));
    builder.environment().putAll(command.environment());
    builder.redirectInput(Redirect.from(NOTHING));
    if (command.directory() != null) {
      builder.directory(command.directory().toFile());
    }
    synchronized (programs) {
      if (closed) {
        throw new OsException(command.name() + ": the emulation is closed");
      }
      Process process = start(builder, command);
      Program program =
          new Program(
              uniqueName(node.name() + "-" + command.name()),
              process,
              directory,
              command.listener());
      programs.add(program);
      return program;
    }
  }

  /** A session of its own, the node's namespace, death with this process; then the program. */
  private static List<String> arguments(Node node, Command command) {
    List<String> argv = new ArrayList<>();
    argv.addAll(List.of("setsid", "ip", "netns", "exec", node.namespace()));
    argv.addAll(List.of("setpriv", "--pdeathsig", "KILL", "--"));
    argv.addAll(command.argv());
    return argv;
  }

  private Process start(ProcessBuilder builder, Command command) throws OsException {
    try {
      Files.createDirectories(directory);
      return starter.submit(builder::start).get();
    } catch (IOException e) {
      throw new OsException("output directory " + directory + ": " + e.getMessage(), e);
    } catch (ExecutionException e) {
      Throwable why = e.getCause() == null ? e : e.getCause();
      throw new OsException(command.name() + ": cannot be started: " + why.getMessage(), why);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OsException(command.name() + ": interrupted", e);
    }
  }

  private String uniqueName(String wanted) {
    String safe = wanted.replaceAll("[^A-Za-z0-9._-]", "_");
    int count = names.merge(safe, 1, Integer::sum);
    return count == 1 ? safe : safe + "-" + count;
  }

  /** Kills all process groups. */
  @Override
  public void close() {
    List<Program> all;
    synchronized (programs) {
      closed = true;
      all = List.copyOf(programs);
    }
    all.forEach(Program::close);
    starter.shutdown();
  }
}
