// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.manual;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code oasis completion}. */
@Command(
    name = "completion",
    mixinStandardHelpOptions = true,
    description = {
      "Prints a script that lets bash and zsh complete the command line of oasis.",
      "Use it by: source <(./oasis completion)"
    })
public final class CompletionCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  /** Runs the command and exits with its status. */
  public static void main(String[] args) {
    CommandLine line = new CommandLine(new CompletionCommand()).setCommandName("oasis completion");
    System.exit(line.execute(args));
  }

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    out.print(AutoComplete.bash("oasis", Words.all()));
    out.flush();
    return 0;
  }
}
