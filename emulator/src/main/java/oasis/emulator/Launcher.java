// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import oasis.os.OsException;

/**
 * Starts the project's own parts in a node as a user would: by the {@code oasis} script.
 *
 * @param script path of the script
 */
public record Launcher(Path script) {
  private static final Duration READY = Duration.ofSeconds(60);

  /**
   * The script that started this process.
   *
   * @throws OsException when it was not started by the script
   */
  public static Launcher ofThisProcess() throws OsException {
    String script = System.getProperty("oasis.launcher");
    if (script == null) {
      throw new OsException("this needs the client and the exit node: start it by ./oasis");
    }
    return new Launcher(Path.of(script));
  }

  /**
   * Starts {@code oasis WORD run OPTIONS} in a node and waits until it carries packets.
   *
   * @param word {@code client} or {@code exit}
   * @param control its control socket, to be made
   * @throws OsException when it does not get ready within 20 s
   */
  public Program run(Node node, String word, Path control, List<String> options)
      throws OsException {
    Program program = node.start(command(word, control, options));
    program.awaitLine("Ready", READY);
    return program;
  }

  /**
   * The command {@code oasis WORD run OPTIONS}, for those who watch its start.
   *
   * @param word {@code client} or {@code exit}
   * @param control its control socket, to be made
   */
  public Command command(String word, Path control, List<String> options) {
    List<String> argv = new ArrayList<>(List.of(script.toString(), word, "run"));
    argv.addAll(List.of("--control", control.toString()));
    argv.addAll(options);
    return Command.of(argv).withName(word);
  }
}
