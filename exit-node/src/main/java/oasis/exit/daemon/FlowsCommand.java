// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import oasis.io.control.Json;
import oasis.io.control.JsonException;
import oasis.io.control.Response;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code exit flows}. */
@Command(
    name = "flows",
    mixinStandardHelpOptions = true,
    description = "Lists the flows of the running exit node.")
final class FlowsCommand implements Callable<Integer> {
  private static final String ROW = "%-5s %-21s %-21s %-16s %-21s %-15s %10s %10s%n";

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private ExitMain.Socket socket = new ExitMain.Socket();

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Flows to list at most (default: ${DEFAULT-VALUE}).")
  private int limit;

  @Override
  public Integer call() throws IOException {
    Response response = StatusCommand.fetch(socket, "/v1/flows?limit=" + limit);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(response.text());
      return 0;
    }
    try {
      print(Json.parse(response.body()), out);
    } catch (JsonException e) {
      throw new IOException("the exit gave a broken answer: " + e.getMessage(), e);
    }
    return 0;
  }

  private static void print(@Nullable Object flows, PrintWriter out) {
    out.printf(ROW, "proto", "client", "source", "mapped", "destination", "state", "out", "in");
    for (Object each : flows instanceof List<?> list ? list : List.of()) {
      if (each instanceof Map<?, ?> flow) {
        out.printf(
            ROW,
            flow.get("protocol"),
            flow.get("client"),
            flow.get("source"),
            flow.get("mapped"),
            flow.get("destination"),
            flow.get("state"),
            flow.get("outBytes"),
            flow.get("inBytes"));
      }
    }
  }
}
