// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.unmatched;

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

/** {@code oasis experiment run unmatched}. */
@Command(
    name = UnmatchedResult.NAME,
    mixinStandardHelpOptions = true,
    description = "What a client with 2,000 rules does to traffic that none of them matches.",
    footer = {
      "",
      "Hosts without a client (two: the second one is the null run) and one with it are measured in"
          + " turn in network namespaces. Exits with 1 unless the run was valid and all goals are"
          + " met."
    })
public final class UnmatchedCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(names = "--quick", description = "Less of everything: at most four minutes.")
  private boolean quick;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "How often all hosts are compared (default: 20, with --quick 10).")
  private @Nullable Integer rounds;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Draws the rules (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Mixin private Output output = new Output();

  @Override
  public Integer call() {
    if (rounds != null && rounds < 1) {
      throw new ParameterException(spec.commandLine(), "--rounds must be at least 1");
    }
    try {
      Plan all = Plan.of(quick, seed, Machine.java(null));
      Plan plan = rounds == null ? all : all.withRounds(rounds);
      Path directory = output.directory(UnmatchedResult.NAME);
      List<Round> measured =
          new Measuring(plan, directory, line -> System.err.println("unmatched: " + line))
              .run(output.resume(), Launcher.ofThisProcess());
      Map<String, Object> manifest = Machine.manifest(plan.java());
      manifest.put("order", "each round begins with another host");
      manifest.put("congestionControl", "cubic, without memory of earlier connections");
      return output.finish(new UnmatchedResult(plan, measured), directory, manifest);
    } catch (OsException | IOException e) {
      System.err.println("oasis experiment: " + e.getMessage());
      return 1;
    }
  }
}
