// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import oasis.os.OsException;

/**
 * What a running emulation has made, written down before it makes it, so that it can be removed
 * after a crash.
 *
 * @param owner process id of the emulator
 * @param ownerStart when that process started, in clock ticks since boot: process ids come again
 * @param namespaces names of its network namespaces
 */
record StateFile(long owner, long ownerStart, List<String> namespaces) {
  private static final String SUFFIX = ".state";

  /** Nothing else is ever deleted, whatever a file says. */
  private static final Pattern OURS = Pattern.compile("oas-[0-9.]+-[a-z0-9_-]+");

  StateFile {
    namespaces = List.copyOf(namespaces);
  }

  /** Of this process. */
  static StateFile ofThisProcess(List<String> namespaces) {
    long pid = ProcessHandle.current().pid();
    return new StateFile(pid, startOf(pid), namespaces);
  }

  /** Writes the file at one stroke. */
  Path write(Path directory, String id) throws OsException {
    List<String> lines = new ArrayList<>();
    lines.add("owner " + owner + " " + ownerStart);
    namespaces.forEach(name -> lines.add("namespace " + name));
    Path file = directory.resolve(id + SUFFIX);
    try {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      Path half = directory.resolve(id + ".half");
      Files.write(half, lines);
      Files.move(half, file, StandardCopyOption.ATOMIC_MOVE);
      return file;
    } catch (IOException e) {
      throw new OsException("state file " + file + ": " + e.getMessage(), e);
    }
  }

  /** The files in a directory. */
  static List<Path> list(Path directory) throws OsException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(file -> file.toString().endsWith(SUFFIX)).sorted().toList();
    } catch (IOException e) {
      throw new OsException("state directory " + directory + ": " + e.getMessage(), e);
    }
  }

  /** Reads a file; lines that no emulator writes are skipped. */
  static StateFile read(Path file) throws OsException {
    long owner = 0;
    long start = 0;
    List<String> namespaces = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(file)) {
        String[] words = line.split(" ", -1);
        if (words.length == 3 && words[0].equals("owner")) {
          owner = Long.parseLong(words[1]);
          start = Long.parseLong(words[2]);
        } else if (words.length == 2
            && words[0].equals("namespace")
            && OURS.matcher(words[1]).matches()) {
          namespaces.add(words[1]);
        }
      }
    } catch (IOException | NumberFormatException e) {
      throw new OsException("state file " + file + ": " + e.getMessage(), e);
    }
    return new StateFile(owner, start, namespaces);
  }

  /** Whether the emulator that wrote this still runs. */
  boolean ownerLives() {
    return ownerStart != 0 && startOf(owner) == ownerStart;
  }

  /** When a process started (field 22 of /proc/PID/stat, proc(5)); 0 when there is none. */
  private static long startOf(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      // The second field, the program's name, may hold spaces and parentheses.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      return Long.parseLong(fields[19]);
    } catch (IOException | NumberFormatException | IndexOutOfBoundsException e) {
      return 0;
    }
  }
}
