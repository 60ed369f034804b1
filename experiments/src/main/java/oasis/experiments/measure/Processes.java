// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.measure;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import oasis.os.OsException;

/** What the kernel says about processes, proc(5). Those that end meanwhile are skipped. */
public final class Processes {
  private static final Path PROC = Path.of("/proc");
  private static final Path NAMESPACES = Path.of("/run/netns");
  private static final int MS_PER_TICK = 10;

  /** Words of /proc/PID/stat behind the program's name: parent, then four times of CPU. */
  private static final int PARENT = 1;

  private static final int FIRST_TIME = 11;
  private static final int TIMES = 4;
  private static final String KERNEL_THREADS = "2";

  private Processes() {}

  /** The identity of network namespaces, as the links of their processes read. */
  public static Set<String> identities(Collection<String> names) throws OsException {
    Set<String> identities = new HashSet<>();
    for (String name : names) {
      try {
        identities.add("net:[" + Files.getAttribute(NAMESPACES.resolve(name), "unix:ino") + "]");
      } catch (IOException e) {
        throw new OsException("namespace " + name + ": " + e.getMessage(), e);
      }
    }
    return identities;
  }

  /** The processes in some network namespaces. */
  public static List<Integer> in(Collection<String> namespaces) throws OsException {
    Set<String> identities = identities(namespaces);
    List<Integer> pids = new ArrayList<>();
    for (Path process : all()) {
      if (identities.contains(namespaceOf(process))) {
        pids.add(Integer.valueOf(process.getFileName().toString()));
      }
    }
    return pids;
  }

  /**
   * CPU time of each thread of some processes so far, by the scheduler's clock in ns: the first
   * word of schedstat. By thread, since one that ends takes its time with it.
   */
  public static Map<String, Long> threadNs(Collection<Integer> pids) throws OsException {
    Map<String, Long> times = new HashMap<>();
    for (int pid : pids) {
      try (DirectoryStream<Path> threads =
          Files.newDirectoryStream(PROC.resolve(pid + "/task"), "[0-9]*")) {
        for (Path thread : threads) {
          String[] words = read(thread.resolve("schedstat")).split(" ", -1);
          if (words.length > 1) {
            times.put(thread.toString(), Long.valueOf(words[0]));
          }
        }
      } catch (NoSuchFileException | NotDirectoryException e) {
        times.keySet().removeIf(thread -> thread.startsWith(PROC + "/" + pid + "/"));
      } catch (IOException e) {
        throw new OsException("threads of process " + pid + ": " + e.getMessage(), e);
      }
    }
    return times;
  }

  /**
   * CPU time in ms of each process outside of some network namespaces but this one and the kernel's
   * threads, in steps of 10.
   */
  public static Map<String, Long> foreignMs(Set<String> ownNamespaces) throws OsException {
    String self = Long.toString(ProcessHandle.current().pid());
    Map<String, Long> times = new HashMap<>();
    for (Path process : all()) {
      String pid = process.getFileName().toString();
      String stat = read(process.resolve("stat"));
      String[] words = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1);
      boolean foreign =
          !pid.equals(self)
              && words.length > FIRST_TIME + TIMES
              && !words[PARENT].equals(KERNEL_THREADS)
              && !ownNamespaces.contains(namespaceOf(process));
      if (foreign) {
        long ticks = 0;
        for (int i = 0; i < TIMES; i++) {
          ticks += Long.parseLong(words[FIRST_TIME + i]);
        }
        times.put(pid, ticks * MS_PER_TICK);
      }
    }
    return times;
  }

  /** By how much times have grown; what has gone is not counted. */
  public static long growth(Map<String, Long> before, Map<String, Long> after) {
    long sum = 0;
    for (Map.Entry<String, Long> entry : after.entrySet()) {
      sum += Math.max(0, entry.getValue() - before.getOrDefault(entry.getKey(), 0L));
    }
    return sum;
  }

  /**
   * Memory of some processes together, in KiB.
   *
   * @param key {@code VmRSS} for now, {@code VmHWM} for the most so far
   */
  public static long memoryKib(Collection<Integer> pids, String key) {
    long sum = 0;
    for (int pid : pids) {
      sum +=
          read(PROC.resolve(pid + "/status"))
              .lines()
              .filter(line -> line.startsWith(key + ":"))
              .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
              .sum();
    }
    return sum;
  }

  private static List<Path> all() throws OsException {
    List<Path> processes = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(PROC, "[0-9]*")) {
      stream.forEach(processes::add);
      return processes;
    } catch (IOException e) {
      throw new OsException("cannot list processes: " + e.getMessage(), e);
    }
  }

  private static String namespaceOf(Path process) {
    try {
      return Files.readSymbolicLink(process.resolve("ns/net")).toString();
    } catch (IOException e) {
      return "";
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "";
    }
  }
}
