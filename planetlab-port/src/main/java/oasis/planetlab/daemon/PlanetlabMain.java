// SPDX-License-Identifier: Apache-2.0
package oasis.planetlab.daemon;

import oasis.client.daemon.ClientMain;
import oasis.io.StandardOutput;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/**
 * Command line of {@code oasis planetlab}. Exit status: 0 for success, 1 when something refused, 2
 * when the command line is wrong; errors are one line on standard error.
 */
@Command(
    name = "oasis planetlab",
    mixinStandardHelpOptions = true,
    versionProvider = PlanetlabMain.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = RunCommand.class,
    description = {
      "Carries the web traffic of programs that use it as their proxy, as rules say, on a host whose"
          + " routes and firewall are not ours.",
      "Rules, overlays and what one may ask are those of \"oasis client\"."
    })
public final class PlanetlabMain implements Runnable {
  private static final String NAME = "oasis planetlab";

  /** Tells picocli the version when it is asked for. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {NAME + " " + ClientMain.version()};
    }
  }

  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

  public static void main(String[] args) {
    int status = commandLine().execute(args);
    boolean serves = args.length > 0 && args[0].equals("run");
    System.exit(serves ? status : StandardOutput.checked(status, NAME));
  }

  /** The command line, with errors on one line. */
  public static CommandLine commandLine() {
    return ClientMain.embedded(new PlanetlabMain(), NAME, RunCommand.DEFAULT_CONTROL);
  }

  @Override
  public void run() {
    CommandLine line = spec.commandLine();
    throw new ParameterException(
        line, "say what to do: " + String.join(", ", line.getSubcommands().keySet()));
  }
}
