// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.unmatched;

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

/** {@code oasis experiment run unmatched}. */
@Command(
    name = UnmatchedResult.NAME,
    description = "What a client with 2,000 rules does to traffic that none of them matches.",
    footer = {
      "",
      "Hosts without a client (two: the second one is the null run) and one with it are measured in"
          + " turn in network namespaces. Exits with 1 unless the run was valid and all goals are"
          + " met."
    })
public final class UnmatchedCommand extends ExperimentCommand {
  @Mixin private Rounds rounds = new Rounds("20, with --quick 10");
  @Mixin private Seed seed = new Seed();

  /** For picocli. */
  public UnmatchedCommand() {
    super(UnmatchedResult.NAME);
  }

  @Override
  protected int run() throws OsException, IOException {
    Plan plan = plan();
    Launcher launcher = Launcher.ofThisProcess();
    Path directory = directory();
    List<Round> steps = new Measuring(plan, directory, this::say).run(output().resume(), launcher);
    Map<String, Object> manifest = Machine.manifest(plan.java());
    manifest.put("order", "each round begins with another host");
    manifest.put("congestionControl", "cubic, without memory of earlier connections");
    return output().finish(new UnmatchedResult(plan, steps), directory, manifest);
  }

  private Plan plan() throws OsException {
    Plan plan = Plan.of(quick(), seed.value(), Machine.java(null));
    return plan.withRounds(rounds.or(plan.rounds()));
  }
}
