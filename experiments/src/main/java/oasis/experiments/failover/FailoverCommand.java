// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.failover;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import oasis.emulator.Launcher;
import oasis.experiments.measure.ExperimentCommand;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.Rounds;
import oasis.experiments.measure.Seed;
import oasis.os.OsException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code oasis experiment run failover}. */
@Command(
    name = FailoverResult.NAME,
    description = "What programs notice when the entry node of their overlay dies.",
    footer = {
      "",
      "In each round the entry node is killed, and later black-holed, under 100 downloads through"
          + " the overlay; 100 further connections begin in the two seconds after that, and each"
          + " download is tried once more. Exits with 1 unless the run was valid and all goals are"
          + " met."
    })
public final class FailoverCommand extends ExperimentCommand {
  @Mixin private Rounds rounds = new Rounds("30, with --quick 10");
  @Mixin private Seed seed = new Seed();

  /** For picocli. */
  public FailoverCommand() {
    super(FailoverResult.NAME);
  }

  @Override
  protected int run() throws OsException, IOException {
    Plan plan = plan();
    Launcher launcher = Launcher.ofThisProcess();
    Path directory = directory();
    List<Step> steps = new Measuring(plan, directory, this::say).run(output().resume(), launcher);
    Map<String, Object> manifest = Machine.manifest(plan.java());
    manifest.put("roundTripMs", 20);
    return output().finish(new FailoverResult(plan, steps), directory, manifest);
  }

  private Plan plan() throws OsException {
    Plan plan = Plan.of(quick(), seed.value(), Machine.java(null));
    return plan.withRounds(rounds.or(plan.rounds()));
  }
}
