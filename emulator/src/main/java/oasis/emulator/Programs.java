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
import oasis.os.OsException;

/** Starts the programs of an emulation and keeps them, to kill them at its end. Thread-safe. */
final class Programs implements AutoCloseable {
  private static final File NOTHING = new File("/dev/null");

  private final Path directory;
  private final List<Program> programs = new ArrayList<>();
  private final Map<String, Integer> names = new HashMap<>();
  private boolean closed;

  Programs(Path directory) {
    this.directory = directory;
  }

  Program start(Node node, Command command) throws OsException {
    ProcessBuilder builder = new ProcessBuilder(arguments(node, command));
    builder.environment().put("LC_ALL", "C.UTF-8"); // what programs say is read
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

  /** The node's namespace and cores, then a session of its own, then the program. */
  private static List<String> arguments(Node node, Command command) {
    List<String> argv = new ArrayList<>();
    argv.addAll(List.of("ip", "netns", "exec", node.namespace()));
    if (node.cores() != null) {
      argv.addAll(List.of("taskset", "--cpu-list", node.cores().list()));
    }
    argv.add("setsid");
    argv.addAll(command.argv());
    return argv;
  }

  private Process start(ProcessBuilder builder, Command command) throws OsException {
    try {
      Files.createDirectories(directory);
      return builder.start();
    } catch (IOException e) {
      throw new OsException(command.name() + ": cannot be started: " + e.getMessage(), e);
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
  }
}
