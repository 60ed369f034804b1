// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import oasis.emulator.Launcher;
import oasis.experiments.measure.ExperimentCommand;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.Seed;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code oasis experiment run kill-matrix}. */
@Command(
    name = KillResult.NAME,
    description =
        "Kills the client at named points and at random instants, and lets it hang: what its host"
            + " has to bear.",
    footer = {
      "",
      "After each blow real probes look up names and open connections, the host is searched for"
          + " what was left, and the next client has to find everything as it was. Exits with 1"
          + " unless the run was valid and all goals are met."
    })
public final class KillCommand extends ExperimentCommand {
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

  @Mixin private Seed seed = new Seed();

  /** For picocli. */
  public KillCommand() {
    super(KillResult.NAME);
  }

  @Override
  protected int run() throws OsException, IOException {
    Plan plan = plan();
    Launcher launcher = Launcher.ofThisProcess();
    Path directory = directory();
    KillResult result = new Matrix(plan, directory, this::say).run(output().resume(), launcher);
    return output().finish(result, directory, Machine.manifest(plan.java()));
  }

  private Plan plan() throws OsException {
    if (instants != null && instants < 0) {
      throw usage("--instants must be at least 0");
    }
    int number = quick() ? Plan.QUICK_INSTANTS : Plan.INSTANTS;
    return new Plan(
        quick(), points(), instants == null ? number : instants, seed.value(), Machine.java(null));
  }

  private List<Point> points() {
    if (points == null) {
      return List.of(Point.values());
    }
    List<Point> chosen = new ArrayList<>();
    for (String word : points) {
      chosen.add(
          Point.of(word)
              .orElseThrow(() -> usage("no point \"" + word + "\"; there are " + words())));
    }
    return chosen;
  }

  private static String words() {
    return Arrays.stream(Point.values()).map(Point::word).collect(Collectors.joining(", "));
  }
}
