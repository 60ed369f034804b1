// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.PrintWriter;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code exit clients}. */
@Command(name = "clients", description = "Lists the clients of the running exit node.")
final class ClientsCommand extends ListingCommand {
  private static final String ROW = "%-27s %5s %7s %7s %11s %14s %11s %14s %9s%n";

  @Option(
      names = "--peers",
      description = "List the other nodes of the overlay instead, each with its name.")
  private boolean peers;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Clients to list at most (default: ${DEFAULT-VALUE}).")
  private int limit;

  @Override
  String path() {
    return peers ? "/v1/peers" : "/v1/clients?limit=" + limit;
  }

  @Override
  void print(@Nullable Object clients, PrintWriter out) {
    out.printf(
        ROW,
        "client",
        "key",
        "sources",
        "flows",
        "out pkts",
        "bytes",
        "in pkts",
        "bytes",
        "dropped");
    for (Map<?, ?> client : objects(clients)) {
      out.printf(
          ROW,
          who(client),
          client.get("key"),
          client.get("sources"),
          client.get("flows"),
          client.get("outPkts"),
          client.get("outBytes"),
          client.get("inPkts"),
          client.get("inBytes"),
          sum(client.get("drops")));
    }
  }

  private static String who(Map<?, ?> client) {
    boolean named = client.get("peer") instanceof String name && !name.isEmpty();
    return (named ? client.get("peer") + "=" : "") + client.get("endpoint");
  }

  private static long sum(@Nullable Object drops) {
    return drops instanceof Map<?, ?> map
        ? map.values().stream().mapToLong(ClientsCommand::count).sum()
        : 0;
  }

  private static long count(@Nullable Object value) {
    return value instanceof Number number ? number.longValue() : 0;
  }
}
