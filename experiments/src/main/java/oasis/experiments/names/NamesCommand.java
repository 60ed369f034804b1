// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.names;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
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

/** {@code oasis experiment run dns}. */
@Command(
    name = NamesResult.NAME,
    mixinStandardHelpOptions = true,
    description = {
      "Measures what a look-up costs with 1, 100, 10,000 and 100,000 name rules: end to end by dig"
          + " and under load by dnsperf, beside hosts without Oasis; and the client's matcher alone,"
          + " beside java.util.regex rule by rule as in the paper.",
      "Exits with 1 unless the run was valid and all goals are met."
    })
public final class NamesCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(names = "--quick", description = "Less of everything: at most four minutes.")
  private boolean quick;

  @Option(names = "--paper", description = "The whole procedure (default).")
  private boolean paper;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "How often all hosts are compared (default: 20).")
  private @Nullable Integer rounds;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Draws rules and names (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Mixin private Output output = new Output();

  @Override
  public Integer call() {
    try {
      Plan plan = plan();
      Launcher launcher = Launcher.ofThisProcess();
      Path directory = output.directory(NamesResult.NAME);
      List<Step> steps =
          new NamesMeasuring(plan, directory, line -> System.err.println("dns: " + line))
              .run(output.resume(), launcher);
      Map<String, Object> manifest = Machine.manifest(plan.java());
      manifest.put("order", "each round begins with another host");
      return output.finish(new NamesResult(plan, steps), directory, manifest);
    } catch (OsException | IOException e) {
      System.err.println("oasis experiment: " + e.getMessage());
      return 1;
    }
  }

  private Plan plan() throws OsException {
    if (quick && paper) {
      throw new ParameterException(spec.commandLine(), "--quick and --paper exclude each other");
    }
    if (rounds != null && rounds < 1) {
      throw new ParameterException(spec.commandLine(), "--rounds must be at least 1");
    }
    Plan plan = Plan.of(quick, seed, Machine.java(null));
    return rounds == null ? plan : plan.withRounds(rounds);
  }
}
