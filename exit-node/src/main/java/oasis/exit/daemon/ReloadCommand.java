// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code exit reload}. */
@Command(
    name = "reload",
    mixinStandardHelpOptions = true,
    description = {
      "Lets the running exit node read its configuration file again; flows go on.",
      "What needs a restart is named. With a mistake in the file nothing changes. SIGHUP does the"
          + " same."
    })
final class ReloadCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private ExitMain.Socket socket = new ExitMain.Socket();

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    Map<String, @Nullable Object> answer = socket.post("/v1/reload", Map.of());
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      ExitMain.printJson(out, answer);
      return 0;
    }
    List<String> changed = names(answer.get("changed"));
    List<String> needRestart = names(answer.get("needRestart"));
    int keys = answer.get("keys") instanceof Number number ? number.intValue() : 0;
    out.println(new Reload.Outcome(changed, needRestart, keys).text());
    return 0;
  }

  private static List<String> names(@Nullable Object list) {
    return list instanceof List<?> names ? names.stream().map(String::valueOf).toList() : List.of();
  }
}
