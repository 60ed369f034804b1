// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import oasis.io.config.ConfigException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code oasis client reload}. */
@Command(
    name = "reload",
    mixinStandardHelpOptions = true,
    description = {
      "Reads client.xml again and applies what is different; connections go on.",
      "A mistake is reported with its line, and nothing changes. SIGHUP does the same."
    })
final class ReloadCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DaemonOptions daemon = new DaemonOptions();

  @Option(names = "--json", description = "print JSON")
  private boolean json;

  @Override
  public Integer call() throws IOException, ConfigException {
    byte[] answer = daemon.ask("/v1/reload", Map.of());
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      DaemonOptions.printJson(out, answer);
      return 0;
    }
    Map<String, @Nullable Object> counts = DaemonOptions.object(answer);
    out.println(
        "In force: " + counts.get("overlays") + " overlays, " + counts.get("rules") + " rules");
    out.flush();
    return 0;
  }
}
