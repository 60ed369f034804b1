// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.PrintWriter;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code exit flows}. */
@Command(name = "flows", description = "Lists the flows of the running exit node.")
final class FlowsCommand extends ListingCommand {
  private static final String ROW = "%-5s %-21s %-21s %-16s %-21s %-15s %10s %10s%n";

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Flows to list at most (default: ${DEFAULT-VALUE}).")
  private int limit;

  @Override
  String path() {
    return "/v1/flows?limit=" + limit;
  }

  @Override
  void print(@Nullable Object flows, PrintWriter out) {
    out.printf(ROW, "proto", "client", "source", "mapped", "destination", "state", "out", "in");
    for (Map<?, ?> flow : objects(flows)) {
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
