// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.calibration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import oasis.os.OsException;

/**
 * CPU time that the hypervisor gave to other machines while this one wanted it. A thread that was
 * to send just then is late by as much, whatever the links do.
 */
public final class Steal {
  private static final Path STAT = Path.of("/proc/stat");
  private static final int MS_PER_TICK = 10;

  /** The word of the line that holds steal: after user, nice, system, idle, iowait and two irqs. */
  private static final int WORD = 8;

  private Steal() {}

  /** Milliseconds since the machine started, of all cores together, in steps of 10. */
  public static long ms() throws OsException {
    try (var lines = Files.lines(STAT)) {
      String[] words = lines.findFirst().orElse("").split(" +", -1);
      return words.length > WORD ? Long.parseLong(words[WORD]) * MS_PER_TICK : 0;
    } catch (IOException e) {
      throw new OsException("cannot read " + STAT + ": " + e.getMessage(), e);
    }
  }
}
