// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import oasis.io.config.ConfigException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code oasis client status}. */
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    description = "Says what the running client does: carriers, counters, dropped packets.")
final class StatusCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DaemonOptions daemon = new DaemonOptions();

  @Option(names = "--json", description = "print JSON")
  private boolean json;

  @Override
  public Integer call() throws IOException, ConfigException {
    byte[] answer = daemon.get("/v1/status");
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      DaemonOptions.printJson(out, answer);
    } else {
      print(out, DaemonOptions.object(answer));
    }
    return 0;
  }

  private static void print(PrintWriter out, Map<String, @Nullable Object> status) {
    out.println(
        "Client "
            + status.get("version")
            + ", process "
            + status.get("pid")
            + ", up "
            + Table.duration(status.get("uptimeMs"))
            + (Boolean.FALSE.equals(status.get("supervisorAlive")) ? ", supervisor dead" : ""));
    if (status.get("port") instanceof Map<?, ?> port) {
      PortStatus.lines(port).forEach(out::println);
    } else {
      out.println(tun(status.get("tun") instanceof Map<?, ?> map ? map : Map.of()));
    }
    out.println(underlay(status));
    out.println(
        "Rules "
            + status.get("rules")
            + "; flows "
            + status.get("flows")
            + " of "
            + status.get("maxFlows")
            + "; DNS queries "
            + status.get("dnsQueries")
            + ", answers changed "
            + status.get("dnsFaked")
            + ", by TCP connections "
            + status.get("dnsConnections"));
    out.println(
        "Fake addresses "
            + status.get("fakes")
            + " of "
            + status.get("maxFakes")
            + ", held by flows "
            + status.get("fakesHeld")
            + ", not to be had "
            + status.get("fakesExhausted")
            + " times");
    out.println();
    carriers(status).print(out);
    if (status.get("port") instanceof Map<?, ?> port) {
      PortStatus.printEvents(port, out);
    }
    List<Map<?, ?>> drops = DaemonOptions.objects(status.get("drops"));
    if (!drops.isEmpty()) {
      Table table = new Table("DROPPED", "REASON", "WHAT IT MEANS");
      drops.forEach(one -> table.row(one.get("packets"), one.get("reason"), one.get("help")));
      out.println();
      table.print(out);
    }
    out.flush();
  }

  private static String tun(Map<?, ?> tun) {
    return "TUN "
        + tun.get("name")
        + ", mtu "
        + tun.get("mtu")
        + ", offloads "
        + tun.get("offloads")
        + ": "
        + tun.get("inPkts")
        + " packets from programs, "
        + tun.get("outPkts")
        + " to them";
  }

  private static String underlay(Map<String, @Nullable Object> status) {
    Map<?, ?> underlay = status.get("underlay") instanceof Map<?, ?> map ? map : Map.of();
    String addresses =
        Stream.of(underlay.get("ipv4"), underlay.get("ipv6"))
            .filter(Objects::nonNull)
            .map(Object::toString)
            .collect(Collectors.joining(" and "));
    return "Underlay as "
        + (addresses.isEmpty() ? "nobody: this host has no address" : addresses)
        + ", sent by "
        + underlay.get("sending")
        + (Boolean.TRUE.equals(underlay.get("mediate"))
            ? "; every new connection is mediated"
            : "");
  }

  private static Table carriers(Map<String, @Nullable Object> status) {
    Table table = new Table("CARRIER", "STATE", "CARRIES", "HEARD", "FLOWS", "OUT", "IN", "ENTRY");
    for (Map<?, ?> one : DaemonOptions.objects(status.get("carriers"))) {
      table.row(
          one.get("name"),
          one.get("state"),
          Boolean.TRUE.equals(one.get("ipv6")) ? "IPv4, IPv6" : "IPv4",
          one.get("entry") == null ? null : Table.duration(one.get("silentMs")),
          one.get("flows"),
          Table.bytes(one.get("outBytes")),
          Table.bytes(one.get("inBytes")),
          one.get("entry"));
    }
    return table;
  }
}
