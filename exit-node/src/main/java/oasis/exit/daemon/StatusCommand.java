// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import oasis.exit.engine.PeerState;
import oasis.io.control.JsonException;
import oasis.packet.DropReason;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

/** {@code exit status}. */
@Command(name = "status", description = "Shows what the running exit node does.")
final class StatusCommand extends ListingCommand {
  @Override
  String path() {
    return "/v1/status";
  }

  @Override
  void print(@Nullable Object answer, PrintWriter out) throws JsonException {
    Map<?, ?> status = object(answer);
    Map<?, ?> engine = status.get("engine") instanceof Map<?, ?> map ? map : Map.of();
    out.printf(
        "UDP port %s, MTU %s, up for %s s%n",
        status.get("port"),
        status.get("mtu"),
        status.get("uptimeMs") instanceof Long ms ? Long.toString(ms / 1000) : "?");
    boolean raw = "raw".equals(status.get("backend"));
    out.println(raw ? rawBackend(status) : kernelBackend(status));
    out.printf(
        "clients allowed: %s%n",
        Boolean.TRUE.equals(status.get("open")) ? "everybody" : status.get("allowed"));
    out.printf("keys: %s, other nodes: %s%n", status.get("keys"), peers(status.get("peers")));
    printTraffic(engine, out);
    if (Boolean.TRUE.equals(status.get("draining"))) {
      out.printf("draining: no flow may begin; %s live on%n", status.get("liveFlows"));
    }
    if (status.get("flowLog") instanceof String file && !file.isEmpty()) {
      out.printf(
          "flow log %s: %s lines written, %s lost%n",
          file, status.get("flowLogWritten"), status.get("flowLogLost"));
    }
    if (!raw) {
      out.printf(
          "kernel's connection table: %s of %s%n",
          status.get("conntrack"), status.get("conntrackMax"));
    }
    if (engine.get("drops") instanceof Map<?, ?> drops) {
      drops.forEach((why, count) -> out.printf("dropped %s: %s%n", count, help(why)));
    }
  }

  private static String rawBackend(Map<?, ?> status) {
    return "raw backend: addresses %s, ports %s-%s, send by %s, silence by %s"
        .formatted(
            status.get("addresses"),
            status.get("firstPort"),
            status.get("lastPort"),
            status.get("send"),
            status.get("silence"));
  }

  private static String kernelBackend(Map<?, ?> status) {
    return "kernel backend: TUN %s, pools %s and %s, IPv6 %s"
        .formatted(
            status.get("tun"),
            status.get("pool"),
            status.get("pool6"),
            Boolean.TRUE.equals(status.get("ipv6")) ? "on" : "off");
  }

  private static void printTraffic(Map<?, ?> engine, PrintWriter out) {
    out.printf(
        "%s clients, %s inner addresses, %s of %s flows (%s since the start)%n",
        engine.get("clients"),
        engine.get("sources"),
        engine.get("flows"),
        engine.get("maxFlows"),
        engine.get("flowsBegun"));
    out.printf(
        "out %s packets, %s bytes; in %s packets, %s bytes%n",
        engine.get("outPkts"), engine.get("outBytes"), engine.get("inPkts"), engine.get("inBytes"));
  }

  private static String peers(@Nullable Object peers) {
    List<String> texts = new ArrayList<>();
    for (Map<?, ?> peer : objects(peers)) {
      long ms = peer.get("heardMs") instanceof Long number ? number : PeerState.NEVER;
      String heard = ms < 0 ? "not heard of yet" : "heard " + ms / 1000 + " s ago";
      String silent = Boolean.TRUE.equals(peer.get("alive")) ? "" : "SILENT, ";
      texts.add("%s at %s (%s%s)".formatted(peer.get("name"), peer.get("endpoint"), silent, heard));
    }
    return texts.isEmpty() ? "none" : String.join(", ", texts);
  }

  private static String help(@Nullable Object reason) {
    try {
      return DropReason.valueOf(String.valueOf(reason)).help();
    } catch (IllegalArgumentException e) {
      return String.valueOf(reason); // of a newer exit node
    }
  }
}
