// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.nat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import oasis.emulator.Launcher;
import oasis.experiments.measure.ExperimentCommand;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.Rounds;
import oasis.os.OsException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code oasis experiment run nat}. */
@Command(
    name = NatResult.NAME,
    description = "What a million NAT mappings cost, and how many connections a second begin.",
    footer = {
      "",
      "The NAT engine with a million mappings behind 24 external addresses in a heap of 512 MiB;"
          + " then, in rounds, TCP connections that are opened and reset as fast as they can: through"
          + " the kernel's own masquerade, and through client and exit node with either backend."
          + " Exits with 1 unless the run was valid and all goals are met."
    })
public final class NatCommand extends ExperimentCommand {
  @Mixin private Rounds rounds = new Rounds("8, with --quick 3");

  /** For picocli. */
  public NatCommand() {
    super(NatResult.NAME);
  }

  @Override
  protected int run() throws OsException, IOException {
    Plan plan = plan();
    Launcher launcher = Launcher.ofThisProcess();
    Path directory = directory();
    List<Entry> steps = new Measuring(plan, directory, this::say).run(output().resume(), launcher);
    return output().finish(new NatResult(plan, steps), directory, Machine.manifest(plan.java()));
  }

  private Plan plan() throws OsException {
    Plan plan = Plan.of(quick(), Machine.java(null));
    return plan.withRounds(rounds.or(plan.rounds()));
  }
}
