// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.queues;

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

/** {@code oasis experiment run queues}. */
@Command(
    name = QueuesResult.NAME,
    description =
        "What classes of traffic, and clients of one class, get of a link that is too small.",
    footer = {
      "",
      "In each round an exit node with a cap and classes, and one behind a single queue of the same"
          + " rate, carry two classes of which the lower one sends ten times too much, and two"
          + " clients of one class with 1 and with 16 TCP connections. Exits with 1 unless the run"
          + " was valid and all goals are met."
    })
public final class QueuesCommand extends ExperimentCommand {
  @Mixin private Rounds rounds = new Rounds("10, with --quick 3");
  @Mixin private Seed seed = new Seed();

  /** For picocli. */
  public QueuesCommand() {
    super(QueuesResult.NAME);
  }

  @Override
  protected int run() throws OsException, IOException {
    Plan plan = plan();
    Launcher launcher = Launcher.ofThisProcess();
    Path directory = directory();
    List<Step> steps = new Measuring(plan, directory, this::say).run(output().resume(), launcher);
    return output().finish(new QueuesResult(plan, steps), directory, Machine.manifest(plan.java()));
  }

  private Plan plan() throws OsException {
    Plan plan = Plan.of(quick(), seed.value(), Machine.java(null));
    return plan.withRounds(rounds.or(plan.rounds()));
  }
}
