// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import oasis.emulator.Command;
import oasis.experiments.measure.Pause;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;

/**
 * Holds a client between two of its steps: a folder in front of its PATH with a script in place of
 * {@code ip}, {@code nft} and {@code sysctl}. The client itself is the one that users run.
 */
final class Hold {
  private static final List<String> TOOLS = List.of("ip", "nft", "sysctl");
  private static final long POLL_MS = 2;

  private final Path tools;
  private final Path place;

  private Hold(Path tools, Path place) {
    this.tools = tools;
    this.place = place;
  }

  /** Makes the folder. */
  static Hold make(Path directory) throws OsException, IOException {
    Path tools = Files.createDirectories(directory.resolve("tools"));
    Path script = tools.resolve("hold.sh");
    try (InputStream in = Hold.class.getResourceAsStream("hold.sh")) {
      Files.write(script, Objects.requireNonNull(in).readAllBytes());
    }
    if (!script.toFile().setExecutable(true)) {
      throw new OsException(script + ": cannot be made executable");
    }
    for (String tool : TOOLS) {
      Files.createSymbolicLink(tools.resolve(tool), script);
    }
    Path place = Files.createDirectories(directory.resolve("hold"));
    new LinuxCommandRunner().check("mkfifo", place.resolve("go").toString());
    return new Hold(tools, place);
  }

  /** The command, with its tools behind the script. */
  Command around(Command command) {
    return command
        .withVariable("PATH", tools + ":" + System.getenv("PATH"))
        .withVariable("OASIS_HOLD", place.toString());
  }

  /** Says where the client is to be held next. */
  void order(String order) throws IOException {
    Files.deleteIfExists(hit());
    Path fresh = Files.writeString(place.resolve("order.new"), order + "\n");
    Files.move(fresh, place.resolve("order"));
  }

  /**
   * Waits until the client is held.
   *
   * @return false when it was not within the time
   */
  boolean await(long ms) throws OsException {
    long end = System.nanoTime() + ms * 1_000_000;
    while (!Files.exists(hit())) {
      if (System.nanoTime() - end > 0) {
        return false;
      }
      Pause.ms(POLL_MS);
    }
    return true;
  }

  /** Lets what is held go on, and forgets the order. */
  void release() throws IOException {
    Files.deleteIfExists(place.resolve("order"));
    // Opened both ways it does not wait for a reader, who may have been killed too.
    try (RandomAccessFile go = new RandomAccessFile(place.resolve("go").toFile(), "rw")) {
      if (Files.exists(hit())) {
        go.writeBytes("go\n");
        Files.delete(hit());
      }
    }
  }

  private Path hit() {
    return place.resolve("hit");
  }
}
