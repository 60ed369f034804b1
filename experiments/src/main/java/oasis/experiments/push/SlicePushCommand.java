// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.push;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import oasis.emulator.Launcher;
import oasis.experiments.measure.ExperimentCommand;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.Rounds;
import oasis.experiments.measure.Seed;
import oasis.os.OsException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code oasis experiment run slice-push}. */
@Command(
    name = PushResult.NAME,
    description = "Pushes the exit node to hosts by ssh, of which some are broken.",
    footer = {
      "",
      "Twelve ssh servers in network namespaces: two are dead, one has no room, one has another host"
          + " key, one hangs. The others have to run and carry a client's packets; a second push"
          + " copies nothing; another option is pushed and rolled back, and all end. Exits with 1"
          + " unless the run was valid and all goals are met."
    })
public final class SlicePushCommand extends ExperimentCommand {
  private static final int MOST_HEALTHY = 50;

  @Option(
      names = "--healthy",
      paramLabel = "N",
      defaultValue = "" + Plan.HEALTHY,
      description = "Nodes beside the five broken ones (default: ${DEFAULT-VALUE}).")
  private int healthy;

  @Mixin private Rounds rounds = new Rounds("3, with --quick 1");
  @Mixin private Seed seed = new Seed();

  /** For picocli. */
  public SlicePushCommand() {
    super(PushResult.NAME);
  }

  @Override
  protected int run() throws OsException, IOException {
    Plan plan = plan();
    Launcher launcher = Launcher.ofThisProcess();
    Path directory = directory();
    List<Step> steps = new Measuring(plan, directory, this::say).run(output().resume(), launcher);
    return output().finish(new PushResult(plan, steps), directory, Machine.manifest(plan.java()));
  }

  private Plan plan() throws OsException {
    if (healthy < 2 || healthy > MOST_HEALTHY) {
      throw usage("--healthy must be 2 to " + MOST_HEALTHY);
    }
    Plan plan = Plan.of(quick(), healthy, seed.value(), Machine.java(null));
    return plan.withRounds(rounds.or(plan.rounds()));
  }
}
