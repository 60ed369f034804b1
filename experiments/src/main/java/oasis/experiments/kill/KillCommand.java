// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import oasis.emulator.Launcher;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.Output;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code oasis experiment run kill-matrix}. */
@Command(
    name = KillResult.NAME,
    mixinStandardHelpOptions = true,
    description =
        "Kills the client at named points and at random instants, and lets it hang: what its host"
            + " has to bear.",
    footer = {
      "",
      "After each blow real probes look up names and open connections, the host is searched for"
          + " what was left, and the next client has to find everything as it was. Exits with 1"
          + " unless the run was valid and all goals are met."
    })
public final class KillCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--quick",
      description = "Fewer instants, fewer blows to the process group: at most four minutes.")
  private boolean quick;

  @Option(
      names = "--instants",
      paramLabel = "N",
      description = "Random instants (default: 100, quick: 10).")
  private @Nullable Integer instants;

  @Option(
      names = "--points",
      paramLabel = "POINT",
      split = ",",
      description = "Only these named points, such as idle,reload (default: all).")
  private @Nullable List<String> points;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Draws the instants (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Mixin private Output output = new Output();

  @Override
  public Integer call() {
    try {
      Plan plan = plan();
      Launcher launcher = Launcher.ofThisProcess();
      Path directory = output.directory(KillResult.NAME);
      Matrix matrix =
          new Matrix(plan, directory, line -> System.err.println(KillResult.NAME + ": " + line));
      KillResult result = matrix.run(output.resume(), launcher);
      Map<String, Object> manifest = Machine.manifest(plan.java());
      return output.finish(result, directory, manifest);
    } catch (OsException | IOException e) {
      System.err.println("oasis experiment: " + e.getMessage());
      return 1;
    }
  }

  private Plan plan() throws OsException {
    if (instants != null && instants < 0) {
      throw new ParameterException(spec.commandLine(), "--instants must be at least 0");
    }
    int number = quick ? Plan.QUICK_INSTANTS : Plan.INSTANTS;
    return new Plan(
        quick, points(), instants == null ? number : instants, seed, Machine.java(null));
  }

  private List<Point> points() {
    if (points == null) {
      return List.of(Point.values());
    }
    List<Point> chosen = new ArrayList<>();
    for (String word : points) {
      chosen.add(
          Point.of(word)
              .orElseThrow(
                  () ->
                      new ParameterException(
                          spec.commandLine(), "no point \"" + word + "\"; there are " + words())));
    }
    return chosen;
  }

  private static String words() {
    return Arrays.stream(Point.values()).map(Point::word).collect(Collectors.joining(", "));
  }
}
