// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Command line of {@code oasis}. */
@Command(
    name = "oasis",
    mixinStandardHelpOptions = true,
    description = "Emulates networks and runs the demo.")
public final class EmulatorMain implements Runnable {
  private EmulatorMain() {}

  public static void main(String[] args) {
    CommandLine line = new CommandLine(new EmulatorMain());
    String version = EmulatorMain.class.getPackage().getImplementationVersion();
    line.getCommandSpec().version("oasis " + Objects.requireNonNullElse(version, "(not packaged)"));
    System.exit(line.execute(args));
  }

  @Override
  public void run() {
    CommandLine.usage(this, System.out);
  }

  @Command(name = "demo", mixinStandardHelpOptions = true, description = "Not built yet.")
  int demo() {
    System.err.println("oasis demo: not built yet");
    return 1;
  }

  @Command(name = "emulate", mixinStandardHelpOptions = true, description = "Not built yet.")
  int emulate() {
    System.err.println("oasis emulate: not built yet");
    return 1;
  }
}
