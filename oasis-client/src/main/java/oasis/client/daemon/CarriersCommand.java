// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import oasis.io.config.ConfigException;
import oasis.io.control.Json;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code oasis client carriers}. */
@Command(
    name = "carriers",
    mixinStandardHelpOptions = true,
    description = {
      "Lists the entry nodes of all overlays, and the underlay: state, round-trip time, traffic.",
      "New connections by an overlay get the entry node that is marked so."
    })
final class CarriersCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DaemonOptions daemon = new DaemonOptions();

  @Option(names = "--json", description = "print JSON")
  private boolean json;

  @Override
  public Integer call() throws IOException, ConfigException {
    List<Map<?, ?>> carriers =
        DaemonOptions.objects(DaemonOptions.object(daemon.get("/v1/status")).get("carriers"));
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(new String(Json.writePretty(carriers), StandardCharsets.UTF_8));
      out.flush();
      return 0;
    }
    Table table =
        new Table("CARRIER", "ENTRY", "STATE", "RTT", "HEARD", "NEW", "FLOWS", "MTU", "OUT", "IN");
    carriers.forEach(one -> table.row(row(one)));
    table.print(out);
    return 0;
  }

  private static @Nullable Object[] row(Map<?, ?> one) {
    boolean underlay = one.get("entry") == null;
    return new @Nullable Object[] {
      one.get("name"),
      one.get("entry"),
      one.get("state"),
      rtt(one.get("rttUs")),
      underlay ? null : Table.duration(one.get("silentMs")),
      Boolean.TRUE.equals(one.get("chosen")) && !underlay ? "yes" : null,
      one.get("flows"),
      one.get("mtu"),
      Table.bytes(one.get("outBytes")),
      Table.bytes(one.get("inBytes"))
    };
  }

  private static @Nullable String rtt(@Nullable Object us) {
    return us instanceof Number number
        ? String.format(Locale.ROOT, "%.1f ms", number.doubleValue() / 1000)
        : null;
  }
}
