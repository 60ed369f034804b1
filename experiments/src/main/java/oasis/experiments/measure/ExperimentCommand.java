// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.measure;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import oasis.os.OsException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What the commands of all experiments have in common: options, and how a run ends. */
@Command(
    mixinStandardHelpOptions = true,
    footer = {"", "Exits with 1 unless the run was valid and all goals are met."})
public abstract class ExperimentCommand implements Callable<Integer> {
  private final String name;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(names = "--quick", description = "Less of everything: a few minutes.")
  private boolean quick;

  @Mixin private Output output = new Output();

  /**
   * A command.
   *
   * @param name what the experiment is called on the command line
   */
  protected ExperimentCommand(String name) {
    this.name = name;
  }

  /**
   * Measures and writes the result.
   *
   * @return the exit status, from {@link Output#finish}
   * @throws ParameterException when an option makes no sense
   */
  protected abstract int run() throws OsException, IOException;

  @Override
  public final Integer call() {
    try {
      return run();
    } catch (OsException | IOException | UncheckedIOException e) {
      System.err.println("oasis experiment: " + e.getMessage());
      return 1;
    }
  }

  /** Whether less is to be measured. */
  protected final boolean quick() {
    return quick;
  }

  /** Where the result goes. */
  protected final Output output() {
    return output;
  }

  /** The folder of the results, made if missing. */
  protected final Path directory() throws IOException {
    return output.directory(name);
  }

  /** Says how far the run is. */
  protected final void say(String line) {
    System.err.println(name + ": " + line);
  }

  /** An option makes no sense. */
  protected final ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
