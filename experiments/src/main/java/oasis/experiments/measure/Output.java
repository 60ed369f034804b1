// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import oasis.experiments.result.Computed;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of every experiment that say where its results go. */
public final class Output {
  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder for the results; made if missing.")
  private @Nullable Path out;

  @Option(
      names = "--resume",
      description = "Go on behind what an earlier run left complete in --out, or add rounds.")
  private boolean resume;

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean asJson;

  /** Whether to go on with an earlier run. */
  public boolean resume() {
    return resume;
  }

  /**
   * The folder, made if missing.
   *
   * @param experiment names a temporary folder when none was given
   */
  public Path directory(String experiment) throws IOException {
    Path directory = out != null ? out : Files.createTempDirectory("oasis-" + experiment + "-");
    return Files.createDirectories(directory.toAbsolutePath());
  }

  /**
   * Writes and prints the result.
   *
   * @return the exit status: 0 when the run was valid and all goals are met
   */
  public int finish(Computed result, Path directory, Map<String, Object> manifest)
      throws IOException {
    String json = result.write(directory, manifest);
    System.out.print(asJson ? json : result.text() + "results: " + directory + "\n");
    return result.report().good() ? 0 : 1;
  }
}
