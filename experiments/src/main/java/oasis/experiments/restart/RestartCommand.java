// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.restart;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oasis.emulator.Launcher;
import oasis.experiments.measure.ExperimentCommand;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.Rounds;
import oasis.experiments.measure.Seed;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code oasis experiment run exit-restart}. */
@Command(
    name = RestartResult.NAME,
    description = "What downloads notice when the exit node that carries them is replaced.",
    footer = {
      "",
      "Under 50 downloads by curl an exit node with each backend is replaced by run --replace,"
          + " stopped and started, and killed; each file is checked by its SHA-256. Exits with 1"
          + " unless the run was valid and all goals are met."
    })
public final class RestartCommand extends ExperimentCommand {
  @Option(
      names = "--ways",
      paramLabel = "WAY",
      split = ",",
      description = "Only these: kernel, raw, slice (default: all).")
  private @Nullable List<String> ways;

  @Mixin private Rounds rounds = new Rounds("10, with --quick 1");
  @Mixin private Seed seed = new Seed();

  /** For picocli. */
  public RestartCommand() {
    super(RestartResult.NAME);
  }

  @Override
  protected int run() throws OsException, IOException {
    Plan plan = plan();
    Launcher launcher = Launcher.ofThisProcess();
    Path directory = directory();
    List<Step> steps = new Measuring(plan, directory, this::say).run(output().resume(), launcher);
    return output()
        .finish(new RestartResult(plan, steps), directory, Machine.manifest(plan.java()));
  }

  private Plan plan() throws OsException {
    Plan plan = Plan.of(ways(), quick(), seed.value(), Machine.java(null));
    return plan.withRounds(rounds.or(plan.rounds()));
  }

  private List<Way> ways() {
    if (ways == null) {
      return List.of(Way.values());
    }
    List<Way> chosen = new ArrayList<>();
    for (String word : ways) {
      chosen.add(
          Arrays.stream(Way.values())
              .filter(way -> way.word().equals(word))
              .findFirst()
              .orElseThrow(() -> usage("--ways takes kernel, raw, slice, not " + word)));
    }
    return chosen;
  }
}
