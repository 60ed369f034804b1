// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.manual;

import java.util.Map;
import java.util.Objects;
import oasis.client.daemon.ClientMain;
import oasis.emulator.EmulatorMain;
import oasis.exit.daemon.ExitMain;
import oasis.experiments.ExperimentMain;
import oasis.planetlab.daemon.PlanetlabMain;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The command lines behind the words of the launcher. */
final class Words {
  private Words() {}

  /** All of them, below {@code oasis}. */
  static CommandLine all() {
    CommandSpec launcher =
        CommandSpec.create().name("oasis").version("oasis").mixinStandardHelpOptions(true);
    launcher
        .usageMessage()
        .description(
            "Lets unmodified programs send their traffic through overlay networks.",
            "JAVA_HOME chooses the JDK (17 or later), OASIS_JAVA_OPTS adds options to it.");
    CommandLine oasis = new CommandLine(launcher);
    CommandLine emulator = EmulatorMain.commandLine();
    oasis.addSubcommand("demo", below(emulator, "demo"));
    oasis.addSubcommand("test", test());
    oasis.addSubcommand("client", ClientMain.commandLine().setCommandName("client"));
    oasis.addSubcommand("exit", ExitMain.commandLine().setCommandName("exit"));
    oasis.addSubcommand("cleanup", below(ClientMain.commandLine(), "cleanup"));
    oasis.addSubcommand("planetlab", PlanetlabMain.commandLine().setCommandName("planetlab"));
    oasis.addSubcommand("emulate", below(emulator, "emulate"));
    oasis.addSubcommand("experiment", ExperimentMain.commandLine().setCommandName("experiment"));
    oasis.addSubcommand("completion", new CommandLine(new CompletionCommand()));
    return oasis;
  }

  /** {@code oasis test} is a script, and says so itself. */
  private static CommandLine test() {
    CommandSpec test = CommandSpec.create().name("test");
    test.usageMessage().description("Runs all tests that this machine can run.");
    test.addOption(
        OptionSpec.builder("-h", "--help")
            .usageHelp(true)
            .description("Show this help message and exit.")
            .build());
    test.addOption(
        OptionSpec.builder("--fast")
            .description("Only the unit tests: no root, no namespaces.")
            .build());
    return new CommandLine(test);
  }

  private static CommandLine below(CommandLine parent, String name) {
    Map<String, CommandLine> children = parent.getSubcommands();
    return Objects.requireNonNull(children.get(name), name);
  }
}
