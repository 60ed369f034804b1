// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.os.linux.Sys;

/** Takes emulations away: processes, namespaces with all their devices, and files. */
final class Removal {
  static final Path RESOLVER_ROOT = Path.of("/etc/netns");
  private static final Path NAMESPACES = Path.of("/run/netns");
  private static final Path PROC = Path.of("/proc");
  private static final int SIGKILL = 9;
  private static final int ROUNDS = 200;
  private static final long PAUSE_MS = 10;

  private Removal() {}

  /**
   * Removes what dead emulators left; returns the names of their namespaces. Others may do the same
   * at the same time.
   *
   * @throws OsException when something could not be removed; everything else is by then
   */
  static List<String> ofDeadOwners(Path stateDirectory, CommandRunner runner) throws OsException {
    List<String> removed = new ArrayList<>();
    OsException failure = null;
    for (Path file : StateFile.list(stateDirectory)) {
      try {
        StateFile state = StateFile.read(file);
        if (!state.ownerLives()) {
          of(state.namespaces(), runner);
          delete(file);
          removed.addAll(state.namespaces());
        }
      } catch (OsException e) {
        // A file that is gone has been dealt with by somebody else.
        if (Files.exists(file)) {
          failure = e;
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
    return removed;
  }

  /** Kills everything in the namespaces and deletes them; those that do not exist are skipped. */
  static void of(List<String> namespaces, CommandRunner runner) throws OsException {
    killAllIn(namespaces);
    StringBuilder batch = new StringBuilder();
    for (String name : namespaces) {
      if (Files.exists(NAMESPACES.resolve(name))) {
        batch.append("netns del ").append(name).append('\n');
      }
      Path resolver = RESOLVER_ROOT.resolve(name);
      delete(resolver.resolve("resolv.conf"));
      delete(resolver);
    }
    if (batch.length() == 0) {
      return;
    }
    CommandRunner.Result result =
        runner.run(List.of("ip", "-force", "-batch", "-"), batch.toString());
    // Where another clean-up was faster, ip finds nothing to delete, and says so.
    if (namespaces.stream().anyMatch(name -> Files.exists(NAMESPACES.resolve(name)))) {
      throw new OsException("namespaces cannot be deleted: " + result.err().strip());
    }
  }

  static void delete(Path file) throws OsException {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new OsException("cannot delete " + file + ": " + e.getMessage(), e);
    }
  }

  private static void killAllIn(List<String> namespaces) throws OsException {
    Set<String> inodes = new HashSet<>();
    for (String name : namespaces) {
      Path file = NAMESPACES.resolve(name);
      inode(file).ifPresent(inodes::add);
    }
    if (inodes.isEmpty()) {
      return;
    }
    // A dying process may have forked meanwhile, so look again until there is none.
    for (int round = 0; round < ROUNDS; round++) {
      List<Integer> pids = processesIn(inodes);
      if (pids.isEmpty()) {
        return;
      }
      pids.forEach(pid -> Sys.kill(pid, SIGKILL));
      pause();
    }
    throw new OsException("processes in " + namespaces + " do not die");
  }

  /** As the link of a process in the namespace reads; empty when there is no such namespace. */
  private static Optional<String> inode(Path namespace) throws OsException {
    try {
      return Optional.of("net:[" + Files.getAttribute(namespace, "unix:ino") + "]");
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new OsException("namespace " + namespace + ": " + e.getMessage(), e);
    }
  }

  private static List<Integer> processesIn(Set<String> inodes) throws OsException {
    long self = ProcessHandle.current().pid();
    List<Integer> pids = new ArrayList<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (Path process : processes) {
        int pid = Integer.parseInt(process.getFileName().toString());
        if (pid != self && inodes.contains(namespaceOf(process))) {
          pids.add(pid);
        }
      }
    } catch (IOException e) {
      throw new OsException("cannot list processes: " + e.getMessage(), e);
    }
    return pids;
  }

  private static String namespaceOf(Path process) {
    try {
      return Files.readSymbolicLink(process.resolve("ns/net")).toString();
    } catch (IOException e) {
      return ""; // it has ended; a zombie has no namespace any more
    }
  }

  private static void pause() throws OsException {
    try {
      Thread.sleep(PAUSE_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OsException("clean-up: interrupted", e);
    }
  }
}
