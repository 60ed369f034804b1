// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.Objects;
import oasis.io.StandardOutput;
import oasis.io.config.ConfigException;
import oasis.os.FileErrors;
import oasis.os.OsException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * Command line of {@code oasis client} and {@code oasis cleanup}. Exit status: 0 for success, 1
 * when something refused, 2 when the command line is wrong; errors are one line on standard error.
 */
@Command(
    name = "oasis client",
    mixinStandardHelpOptions = true,
    versionProvider = ClientMain.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      RunCommand.class,
      StatusCommand.class,
      FlowsCommand.class,
      CarriersCommand.class,
      DnsCommand.class,
      OverlayCommand.class,
      RuleCommand.class,
      ExplainCommand.class,
      ReloadCommand.class,
      StopCommand.class,
      DoctorCommand.class,
      CleanupCommand.class
    },
    description = "Diverts traffic of this host to overlays, as rules say.")
public final class ClientMain implements Runnable {
  private static final int FAILED = 1;
  private static final int WRONG_USAGE = 2;

  /** Tells picocli the version when it is asked for. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"oasis client " + version()};
    }
  }

  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

  public static void main(String[] args) {
    if (args.length > 0 && args[0].equals("run")) {
      // Reading the annotations of all other commands would delay every start by a tenth of a
      // second.
      CommandLine run =
          onOneLine(new CommandLine(new RunCommand())).setCommandName("oasis client run");
      System.exit(run.execute(Arrays.copyOfRange(args, 1, args.length)));
    }
    System.exit(StandardOutput.checked(commandLine().execute(args), "oasis client"));
  }

  /** The command line, with errors on one line. */
  public static CommandLine commandLine() {
    return onOneLine(new CommandLine(new ClientMain()));
  }

  private static CommandLine onOneLine(CommandLine line) {
    return onOneLine(line, "oasis client");
  }

  /**
   * Lets a command line end with one line on standard error and exit status 1 or 2.
   *
   * @param name what the line begins with
   */
  private static CommandLine onOneLine(CommandLine line, String name) {
    return line.setParameterExceptionHandler((e, args) -> wrongUsage(e, name))
        .setExecutionExceptionHandler((e, command, parsed) -> failed(e, command, name));
  }

  /**
   * The command line of a daemon that builds on {@link EmbeddedClient}: its own commands, and those
   * that ask a running client, errors on one line.
   *
   * @param own the daemon's own commands
   * @param name what error lines begin with
   * @param control control socket that is asked by default
   */
  public static CommandLine embedded(Object own, String name, String control) {
    CommandLine line =
        new CommandLine(own)
            .addSubcommand(new StatusCommand())
            .addSubcommand(new FlowsCommand())
            .addSubcommand(new CarriersCommand())
            .addSubcommand(new DnsCommand())
            .addSubcommand(new OverlayCommand())
            .addSubcommand(new RuleCommand())
            .addSubcommand(new ExplainCommand())
            .addSubcommand(new ReloadCommand())
            .addSubcommand(new StopCommand())
            .setDefaultValueProvider(argument -> isControl(argument) ? control : null);
    return onOneLine(line, name);
  }

  private static boolean isControl(ArgSpec argument) {
    return argument instanceof OptionSpec option
        && option.longestName().equals(DaemonOptions.CONTROL);
  }

  /** Version of the jar that this class came in. */
  public static String version() {
    return Objects.requireNonNullElse(
        ClientMain.class.getPackage().getImplementationVersion(), "(not packaged)");
  }

  @Override
  public void run() {
    CommandLine line = spec.commandLine();
    throw new ParameterException(
        line, "say what to do: " + String.join(", ", line.getSubcommands().keySet()));
  }

  private static int wrongUsage(ParameterException e, String name) {
    CommandLine line = e.getCommandLine();
    String message = ConfigException.oneLine(String.valueOf(e.getMessage()));
    print(
        line.getErr(),
        name,
        message + " (" + line.getCommandSpec().qualifiedName() + " --help says more)");
    return WRONG_USAGE;
  }

  private static int failed(Exception e, CommandLine line, String name) throws Exception {
    if (e instanceof ConfigException || e instanceof OsException || e instanceof IOException) {
      String said = e instanceof IOException io ? FileErrors.describe(io) : e.getMessage();
      print(line.getErr(), name, ConfigException.oneLine(String.valueOf(said)));
      return FAILED;
    }
    throw e;
  }

  private static void print(PrintWriter err, String name, String message) {
    err.println(name + ": " + message);
    err.flush();
  }
}
