// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Objects;
import oasis.os.OsException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Command line of {@code oasis exit}. */
@Command(
    name = "oasis exit",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      RunCommand.class,
      StatusCommand.class,
      FlowsCommand.class,
      CleanupCommand.class,
    },
    description = "Carries overlay traffic to legacy destinations.")
public final class ExitMain implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  private ExitMain() {}

  /** Runs one command and exits with its status. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    CommandLine line = new CommandLine(new ExitMain());
    String version = ExitMain.class.getPackage().getImplementationVersion();
    line.getCommandSpec()
        .version("oasis exit " + Objects.requireNonNullElse(version, "(not packaged)"));
    line.setExecutionExceptionHandler(
        (failure, command, parsed) -> {
          if (failure instanceof IOException
              || failure instanceof OsException
              || failure instanceof IllegalArgumentException) {
            return fail(command.getErr(), String.valueOf(failure.getMessage()), 1);
          }
          throw failure;
        });
    line.setParameterExceptionHandler(
        (failure, words) ->
            fail(
                failure.getCommandLine().getErr(),
                "%s (%s --help lists the options)"
                    .formatted(
                        failure.getMessage(),
                        failure.getCommandLine().getCommandSpec().qualifiedName()),
                2));
    return line;
  }

  private static int fail(PrintWriter err, String message, int status) {
    err.println("oasis exit: " + message.replaceAll("\\R+", " "));
    err.flush();
    return status;
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(
        spec.commandLine(), "say what to do: run, status, flows or cleanup");
  }

  /** The control socket, for every command. */
  static final class Socket {
    @Option(
        names = "--control",
        paramLabel = "SOCKET",
        defaultValue = ExitConfig.DEFAULT_CONTROL,
        description = "Control socket (default: ${DEFAULT-VALUE}).")
    Path control = Path.of(ExitConfig.DEFAULT_CONTROL);
  }
}
