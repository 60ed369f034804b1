// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import oasis.tcp.PortEvent;
import org.jspecify.annotations.Nullable;

/** What the status of a client behind a web proxy port says about that port. */
final class PortStatus {
  private PortStatus() {}

  /** Some lines. */
  static List<String> lines(Map<?, ?> port) {
    return List.of(
        "Port " + port.get("port") + ", kept silent by " + port.get("silence"),
        "Connections "
            + port.get("connections")
            + " of "
            + port.get("maxConnections")
            + counts(port.get("byStage"), " (", ")")
            + "; heads and bodies held "
            + Table.bytes(port.get("heldBytes"))
            + counts(port.get("answers"), "; answered by the port itself: ", ""));
  }

  private static String counts(@Nullable Object counts, String before, String behind) {
    Map<?, ?> all = counts instanceof Map<?, ?> map ? map : Map.of();
    return all.isEmpty()
        ? ""
        : all.entrySet().stream()
            .map(one -> one.getKey() + " " + one.getValue())
            .collect(Collectors.joining(", ", before, behind));
  }

  /** What it has counted, behind an empty line; nothing when it has counted nothing. */
  static void printEvents(Map<?, ?> port, PrintWriter out) {
    Map<?, ?> events = port.get("events") instanceof Map<?, ?> map ? map : Map.of();
    Table table = new Table("COUNTED", "EVENT", "WHAT IT MEANS");
    boolean any = false;
    for (PortEvent event : PortEvent.values()) {
      String name = event.name().toLowerCase(Locale.ROOT);
      if (events.get(name) instanceof Number count && count.longValue() > 0) {
        table.row(count, name, event.help());
        any = true;
      }
    }
    if (port.get("missedPkts") instanceof Number missed && missed.longValue() > 0) {
      table.row(missed, "missed", "packets that programs sent faster than they were read");
      any = true;
    }
    if (port.get("crowdedPkts") instanceof Number crowded && crowded.longValue() > 0) {
      table.row(crowded, "crowded", "packets dropped because too many waited for the client");
      any = true;
    }
    if (any) {
      out.println();
      table.print(out);
    }
  }
}
