// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Command line of {@code oasis exit}. */
@Command(
    name = "oasis exit",
    mixinStandardHelpOptions = true,
    description = "Carries overlay traffic to legacy destinations.")
public final class ExitMain implements Runnable {
  private ExitMain() {}

  public static void main(String[] args) {
    CommandLine line = new CommandLine(new ExitMain());
    String version = ExitMain.class.getPackage().getImplementationVersion();
    line.getCommandSpec()
        .version("oasis exit " + Objects.requireNonNullElse(version, "(not packaged)"));
    System.exit(line.execute(args));
  }

  @Override
  public void run() {
    CommandLine.usage(this, System.out);
  }
}
