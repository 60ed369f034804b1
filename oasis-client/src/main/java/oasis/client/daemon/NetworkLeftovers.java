// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import oasis.os.CommandRunner;
import oasis.os.CommandRunner.Result;
import oasis.os.OsException;
import oasis.os.ReservedPorts;

/** Finds and removes what a client left in the operating system. */
final class NetworkLeftovers {
  private static final String PRIORITY = Integer.toString(ClientNetwork.TABLE);

  private final CommandRunner runner;
  private final ClientNetworkConfig config;
  private final boolean barriers;
  private final List<String> removed = new ArrayList<>();

  /**
   * @param barriers whether the unreachable routes of fake ranges go too; without them a program
   *     that kept a fake address reaches the default gateway
   */
  NetworkLeftovers(CommandRunner runner, ClientNetworkConfig config, boolean barriers) {
    this.runner = runner;
    this.config = config;
    this.barriers = barriers;
  }

  /** Removes all of it; the result has one line for each thing that was there. */
  List<String> remove() throws OsException {
    removeTable();
    removeRouting("ip rule ", IpBatch.ipv4(), IpBatch.ipv4());
    try {
      removeRouting("ip -6 rule ", IpBatch.ipv6(), IpBatch.ipv6());
    } catch (OsException e) {
      if (config.ipv6()) {
        throw e;
      }
      // A kernel without IPv6 has nothing of ours.
    }
    freePorts();
    return List.copyOf(removed);
  }

  private void removeTable() throws OsException {
    String line = "table " + ClientRuleset.TABLE;
    if (runner.check("nft", "list", "tables").lines().map(String::strip).noneMatch(line::equals)) {
      return;
    }
    Result result = runner.run(List.of("nft", "delete", "table", "inet", "oasis"), "");
    if (!result.ok()) {
      throw new OsException(
          "nftables " + line + " is held by a process that lives: stop that client first");
    }
    removed.add("nftables " + line);
  }

  /** Removes our ip rules and routes of one family. */
  private void removeRouting(String title, IpBatch question, IpBatch answer) throws OsException {
    List<String> found =
        question
            .add("rule", "show", "priority", PRIORITY)
            .add("route", "show", "table", "all", "proto", HostRoutes.PROTOCOL)
            .run(runner)
            .lines()
            .map(String::strip)
            .toList();
    List<String> routes =
        found.stream()
            .filter(line -> !line.isEmpty() && !line.matches("[0-9]+:.*"))
            .filter(line -> barriers || !isBarrier(line))
            .toList();
    List<String> rules = found.stream().filter(HostRoutes::isOurRule).toList();
    for (String rule : rules) {
      answer.add("rule", "del", "priority", PRIORITY, "fwmark", HostRoutes.mask());
      removed.add(title + rule.replaceFirst("^[0-9]+:\\s*", ""));
    }
    if (!routes.isEmpty()) {
      if (barriers) {
        answer.add("route", "flush", "table", "all", "proto", HostRoutes.PROTOCOL);
      } else {
        answer.add(
            "route", "flush", "table", "all", "type", "unicast", "proto", HostRoutes.PROTOCOL);
      }
      routes.forEach(route -> removed.add(nameOf(route)));
    }
    if (!rules.isEmpty() || !routes.isEmpty()) {
      answer.run(runner);
    }
  }

  private static boolean isBarrier(String route) {
    return route.startsWith("unreachable ");
  }

  private static String nameOf(String route) {
    return isBarrier(route) ? "unreachable route " + route.split(" +", -1)[1] : "route " + route;
  }

  /**
   * A range that is reserved as a whole is ours: a clean stop frees it, and what the host's owner
   * had reserved inside it is known only until a crash.
   */
  private void freePorts() throws OsException {
    BitSet ours = ReservedPorts.range(config.reservedFirst(), config.reservedLast());
    BitSet now = ReservedPorts.read(runner);
    BitSet held = (BitSet) ours.clone();
    held.and(now);
    if (held.equals(ours)) {
      now.andNot(ours);
      ReservedPorts.write(runner, now);
      removed.add("reserved ports " + ReservedPorts.text(ours));
    }
  }
}
