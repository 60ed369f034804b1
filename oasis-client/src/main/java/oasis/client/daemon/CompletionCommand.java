// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code oasis client completion}, which {@code oasis completion} is short for. */
@Command(
    name = "completion",
    mixinStandardHelpOptions = true,
    description = {
      "Prints a script that lets bash and zsh complete the command line of oasis.",
      "Use it by: source <(oasis completion)"
    })
final class CompletionCommand implements Callable<Integer> {
  /** Words of the launcher whose own commands are not known here. */
  private static final List<String> OTHER_WORDS =
      List.of("demo", "test", "exit", "emulate", "experiment", "completion");

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    CommandLine oasis = new CommandLine(CommandSpec.create().name("oasis"));
    CommandLine client = ClientMain.commandLine();
    oasis.addSubcommand("client", client.setCommandName("client"));
    oasis.addSubcommand("cleanup", new CommandLine(new CleanupCommand()));
    for (String word : OTHER_WORDS) {
      oasis.addSubcommand(word, new CommandLine(CommandSpec.create().name(word)));
    }
    PrintWriter out = spec.commandLine().getOut();
    out.print(AutoComplete.bash("oasis", oasis));
    out.flush();
    return 0;
  }
}
