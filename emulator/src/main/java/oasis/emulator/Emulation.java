// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import oasis.os.OsException;

/**
 * A topology that runs: one network namespace per node, veth pairs between them, and one thread
 * that carries the packets of all shaped links. Closing it kills the programs and removes all.
 * Thread-safe.
 *
 * <pre>{@code
 * try (Emulation emulation = Emulation.start(topology, Emulation.Options.defaults(outputDir))) {
 *   Program server = emulation.node("server").start("nginx", "-g", "daemon off;");
 *   var result = emulation.node("client").exec(Duration.ofSeconds(10), "curl", "-s", url);
 * }
 * }</pre>
 */
public final class Emulation implements AutoCloseable {
  private Emulation() {}

  /**
   * How to run.
   *
   * @param outputDirectory where the programs' output goes; made if missing
   * @param stateDirectory where running emulations are written down, so that leftovers of a crash
   *     can be found
   * @param latenessBudget the run is invalid when the 99th percentile of the links' lateness
   *     exceeds this
   */
  public record Options(Path outputDirectory, Path stateDirectory, Duration latenessBudget) {
    /** The usual state directory and a budget of 1 ms. */
    public static Options defaults(Path outputDirectory) {
      return new Options(outputDirectory, Path.of("/run/oasis/emulations"), Duration.ofMillis(1));
    }
  }

  /**
   * Builds the topology; removes what dead emulations left first.
   *
   * @throws OsException when something cannot be made; nothing stays then
   */
  public static Emulation start(Topology topology, Options options) throws OsException {
    throw new OsException("the emulator is not built yet");
  }

  /** Removes what emulations that died left behind; returns the names of their namespaces. */
  public static List<String> cleanUp(Path stateDirectory) throws OsException {
    throw new OsException("the emulator is not built yet");
  }

  /**
   * A node by its name.
   *
   * @throws IllegalArgumentException when there is none
   */
  public Node node(String name) {
    throw new IllegalArgumentException("no node is named \"" + name + "\"");
  }

  /** All nodes, in the order of the topology. */
  public List<Node> nodes() {
    return List.of();
  }

  Programs programs() {
    return new Programs();
  }

  /** Kills all programs and removes namespaces, links and files of state. */
  @Override
  public void close() {}
}
