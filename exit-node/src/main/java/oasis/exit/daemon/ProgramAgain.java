// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Starts this program once more, as this process was started, to replace this process: what an
 * upgrade has put in its place since is what runs then.
 */
final class ProgramAgain {
  private static final Path COMMAND = Path.of("/proc/self/cmdline");
  private static final String REPLACE = ConfigSource.REPLACE;

  private ProgramAgain() {}

  /** Starts it, with this process's output. Returns its process id. */
  static long start() throws IOException {
    return new ProcessBuilder(command(Files.readAllBytes(COMMAND))).inheritIO().start().pid();
  }

  /**
   * The words of a command line, each of which ends with a zero byte, with the option to replace.
   */
  static List<String> command(byte[] line) {
    String text = new String(line, StandardCharsets.UTF_8).replaceFirst("\0$", "");
    List<String> words = new ArrayList<>(List.of(text.split("\0", -1)));
    if (!words.contains(REPLACE)) {
      words.add(REPLACE);
    }
    return words;
  }
}
