// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import oasis.io.control.ControlClient;
import oasis.io.control.Json;
import oasis.io.control.JsonException;
import oasis.io.control.Response;
import oasis.packet.DropReason;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code exit status}. */
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    description = "Shows what the running exit node does.")
final class StatusCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private ExitMain.Socket socket = new ExitMain.Socket();

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    Response response = fetch(socket, "/v1/status");
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(response.text());
      return 0;
    }
    try {
      print(Json.parseObject(response.body()), out);
    } catch (JsonException e) {
      throw new IOException("the exit gave a broken answer: " + e.getMessage(), e);
    }
    return 0;
  }

  static Response fetch(ExitMain.Socket socket, String path) throws IOException {
    Response response = new ControlClient(socket.control, "exit").get(path);
    if (!response.ok()) {
      throw new IOException(response.errorMessage());
    }
    return response;
  }

  private static void print(Map<String, @Nullable Object> status, PrintWriter out) {
    Map<?, ?> engine = status.get("engine") instanceof Map<?, ?> map ? map : Map.of();
    boolean raw = "raw".equals(status.get("backend"));
    out.printf(
        "UDP port %s, MTU %s, up for %s s%n",
        status.get("port"),
        status.get("mtu"),
        status.get("uptimeMs") instanceof Long ms ? Long.toString(ms / 1000) : "?");
    if (raw) {
      out.printf(
          "raw backend: addresses %s, ports %s-%s, send by %s, silence by %s%n",
          status.get("addresses"),
          status.get("firstPort"),
          status.get("lastPort"),
          status.get("send"),
          status.get("silence"));
    } else {
      out.printf(
          "kernel backend: TUN %s, pools %s and %s, IPv6 %s%n",
          status.get("tun"),
          status.get("pool"),
          status.get("pool6"),
          Boolean.TRUE.equals(status.get("ipv6")) ? "on" : "off");
    }
    out.printf(
        "clients allowed: %s%n",
        Boolean.TRUE.equals(status.get("open")) ? "everybody" : status.get("allowed"));
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
    if (!raw) {
      out.printf(
          "kernel's connection table: %s of %s%n",
          status.get("conntrack"), status.get("conntrackMax"));
    }
    if (engine.get("drops") instanceof Map<?, ?> drops) {
      drops.forEach((why, count) -> out.printf("dropped %s: %s%n", count, help(why)));
    }
  }

  private static String help(@Nullable Object reason) {
    try {
      return DropReason.valueOf(String.valueOf(reason)).help();
    } catch (IllegalArgumentException e) {
      return String.valueOf(reason); // of a newer exit node
    }
  }
}
