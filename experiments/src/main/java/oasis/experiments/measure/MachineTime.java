// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import oasis.os.OsException;

/**
 * The CPU time of the whole machine, proc_stat(5).
 *
 * <p>It is what is left of the time that passed when the idle time is taken away. Most kernels
 * count work by looking at each tick of a clock what is running just then; they do not see what
 * begins behind a tick and ends before the next one, as senders do that are paced by timers. Idle
 * time they measure.
 */
public final class MachineTime {
  private static final Path STAT = Path.of("/proc/stat");
  private static final long NS_PER_TICK = 10_000_000;

  /** The words of the first line that are not work: idle, waiting for a disk, stolen. */
  private static final int[] NO_WORK = {4, 5, 8};

  private MachineTime() {}

  /**
   * CPU time of work so far in ns, of all cores together, from a beginning of its own: only
   * differences mean something. In steps of 10 ms.
   */
  public static long workNs() throws OsException {
    try {
      long now = System.nanoTime();
      return workNs(Files.readAllLines(STAT), now);
    } catch (IOException e) {
      throw new OsException("cannot read " + STAT + ": " + e.getMessage(), e);
    }
  }

  /**
   * The same of given lines.
   *
   * @param nowNs when they were read
   */
  static long workNs(List<String> stat, long nowNs) throws OsException {
    long cores = stat.stream().filter(line -> line.matches("cpu[0-9].*")).count();
    String[] words = stat.isEmpty() ? new String[0] : stat.get(0).split(" +", -1);
    long ticks = 0;
    try {
      for (int word : NO_WORK) {
        ticks += Long.parseLong(words[word]);
      }
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      throw new OsException(STAT + " does not begin with the machine's times", e);
    }
    return cores * nowNs - ticks * NS_PER_TICK;
  }
}
