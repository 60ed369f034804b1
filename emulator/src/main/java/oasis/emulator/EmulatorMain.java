// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.util.Objects;
import oasis.emulator.demo.DemoCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/** Command line of {@code oasis}. */
@Command(
    name = "oasis",
    mixinStandardHelpOptions = true,
    subcommands = {EmulateCommand.class, DemoCommand.class},
    description = "Emulates networks and runs the demo.")
public final class EmulatorMain implements Runnable {
  private EmulatorMain() {}

  public static void main(String[] args) {
    CommandLine line = new CommandLine(new EmulatorMain());
    String version = EmulatorMain.class.getPackage().getImplementationVersion();
    line.getCommandSpec().version("oasis " + Objects.requireNonNullElse(version, "(not packaged)"));
    line.setParameterExceptionHandler(EmulatorMain::wrongUsage);
    System.exit(line.execute(args));
  }

  private static int wrongUsage(ParameterException e, String[] args) {
    CommandLine line = e.getCommandLine();
    String name = line.getCommandSpec().qualifiedName();
    line.getErr().println(name + ": " + e.getMessage() + " (" + name + " --help says more)");
    return line.getCommandSpec().exitCodeOnInvalidInput();
  }

  @Override
  public void run() {
    CommandLine.usage(this, System.out);
  }
}
