// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Command line of {@code oasis experiment}. */
@Command(
    name = "oasis experiment",
    mixinStandardHelpOptions = true,
    description = "Runs experiments and checks their goals.")
public final class ExperimentMain implements Runnable {
  private ExperimentMain() {}

  public static void main(String[] args) {
    CommandLine line = new CommandLine(new ExperimentMain());
    String version = ExperimentMain.class.getPackage().getImplementationVersion();
    line.getCommandSpec()
        .version("oasis experiment " + Objects.requireNonNullElse(version, "(not packaged)"));
    System.exit(line.execute(args));
  }

  @Override
  public void run() {
    CommandLine.usage(this, System.out);
  }
}
