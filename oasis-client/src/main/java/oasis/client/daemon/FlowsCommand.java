// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code oasis client flows}. */
@Command(
    name = "flows",
    mixinStandardHelpOptions = true,
    description = "Lists the flows that the client carries.")
final class FlowsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DaemonOptions daemon = new DaemonOptions();

  @Option(names = "--json", description = "print JSON")
  private boolean json;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "1000",
      description = "most flows to list (${DEFAULT-VALUE})")
  private int limit;

  @Override
  public Integer call() throws IOException, ConfigException {
    DaemonOptions.printList(
        spec.commandLine().getOut(),
        daemon.get("/v1/flows?limit=" + Math.max(0, limit)),
        json,
        new Table("PROTO", "PROGRAM", "DESTINATION", "NAME", "CARRIER", "IDLE", "OUT", "IN"),
        FlowsCommand::row);
    return 0;
  }

  private static @Nullable Object[] row(Map<?, ?> flow) {
    return new @Nullable Object[] {
      flow.get("protocol"),
      flow.get("program"),
      flow.get("destination"),
      flow.get("name"),
      flow.get("carrier"),
      Table.duration(flow.get("idleMs")),
      Table.bytes(flow.get("outBytes")),
      Table.bytes(flow.get("inBytes"))
    };
  }
}
