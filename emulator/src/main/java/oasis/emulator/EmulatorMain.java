// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.util.Objects;
import oasis.emulator.demo.DemoCommand;
import oasis.io.StandardOutput;
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
    System.exit(StandardOutput.checked(commandLine().execute(args), "oasis"));
  }

  /** The command line, with errors on one line. */
  public static CommandLine commandLine() {
    CommandLine line = new CommandLine(new EmulatorMain());
    String version = EmulatorMain.class.getPackage().getImplementationVersion();
    line.getCommandSpec().version("oasis " + Objects.requireNonNullElse(version, "(not packaged)"));
    return line.setParameterExceptionHandler(EmulatorMain::wrongUsage);
  }

  private static int wrongUsage(ParameterException e, String[] args) {
    CommandLine line = e.getCommandLine();
    String name = line.getCommandSpec().qualifiedName();
    String said = String.valueOf(e.getMessage()).replaceFirst("^Error: ", "");
    line.getErr().println(name + ": " + said + " (" + name + " --help says more)");
    return line.getCommandSpec().exitCodeOnInvalidInput();
  }

  @Override
  public void run() {
    CommandLine.usage(this, System.out);
  }
}
