// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.names;

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
import picocli.CommandLine.Option;

/** {@code oasis experiment run dns}. */
@Command(
    name = NamesResult.NAME,
    description = {
      "Measures what a look-up costs with 1, 100, 10,000 and 100,000 name rules: end to end by dig"
          + " and under load by dnsperf, beside hosts without Oasis; and the client's matcher alone,"
          + " beside java.util.regex rule by rule as in the paper."
    })
public final class NamesCommand extends ExperimentCommand {
  @Option(names = "--paper", description = "The whole procedure (default).")
  private boolean paper;

  @Mixin private Rounds rounds = new Rounds("20");
  @Mixin private Seed seed = new Seed();

  /** For picocli. */
  public NamesCommand() {
    super(NamesResult.NAME);
  }

  @Override
  protected int run() throws OsException, IOException {
    Plan plan = plan();
    Launcher launcher = Launcher.ofThisProcess();
    Path directory = directory();
    List<Step> steps =
        new NamesMeasuring(plan, directory, this::say).run(output().resume(), launcher);
    Map<String, Object> manifest = Machine.manifest(plan.java());
    manifest.put("order", "each round begins with another host");
    return output().finish(new NamesResult(plan, steps), directory, manifest);
  }

  private Plan plan() throws OsException {
    if (quick() && paper) {
      throw usage("--quick and --paper exclude each other");
    }
    Plan plan = Plan.of(quick(), seed.value(), Machine.java(null));
    return plan.withRounds(rounds.or(plan.rounds()));
  }
}
