// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.failover;

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

/** {@code oasis experiment run failover}. */
@Command(
    name = FailoverResult.NAME,
    mixinStandardHelpOptions = true,
    description = "What programs notice when the entry node of their overlay dies.",
    footer = {
      "",
      "In each round the entry node is killed, and later black-holed, under 100 downloads through"
          + " the overlay; 100 further connections begin in the two seconds after that, and each"
          + " download is tried once more. Exits with 1 unless the run was valid and all goals are"
          + " met."
    })
public final class FailoverCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(names = "--quick", description = "Fewer rounds: at most four minutes.")
  private boolean quick;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "How often the entry node fails in each way (default: 30, with --quick 10).")
  private @Nullable Integer rounds;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Draws the moments at which it fails (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Mixin private Output output = new Output();

  /** For picocli. */
  public FailoverCommand() {}

  @Override
  public Integer call() {
    try {
      Plan plan = plan();
      Launcher launcher = Launcher.ofThisProcess();
      Path directory = output.directory(FailoverResult.NAME);
      List<Step> steps =
          new Measuring(plan, directory, line -> System.err.println("failover: " + line))
              .run(output.resume(), launcher);
      Map<String, Object> manifest = Machine.manifest(plan.java());
      manifest.put("roundTripMs", 20);
      return output.finish(new FailoverResult(plan, steps), directory, manifest);
    } catch (OsException | IOException e) {
      System.err.println("oasis experiment: " + e.getMessage());
      return 1;
    }
  }

  private Plan plan() throws OsException {
    if (rounds != null && rounds < 1) {
      throw new ParameterException(spec.commandLine(), "--rounds must be at least 1");
    }
    Plan plan = Plan.of(quick, seed, Machine.java(null));
    return rounds == null ? plan : plan.withRounds(rounds);
  }
}
