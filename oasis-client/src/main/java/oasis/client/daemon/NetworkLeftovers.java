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
  private final List<String> removed = new ArrayList<>();

  NetworkLeftovers(CommandRunner runner, ClientNetworkConfig config) {
    this.runner = runner;
    this.config = config;
  }

  /** Removes all of it; the result has one line for each thing that was there. */
  List<String> remove() throws OsException {
    removeTable();
    removeRules();
    removeRoutes();
    for (String prefix : HostRoutes.unreachable(runner)) {
      runner.check(
          "ip", "-4", "route", "del", "unreachable", prefix, "metric", HostRoutes.WORST_METRIC);
      removed.add("unreachable route " + prefix);
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

  private void removeRules() throws OsException {
    for (String line : rules(runner)) {
      runner.check(
          "ip", "-4", "rule", "del", "priority", PRIORITY, "fwmark", mask(), "lookup", PRIORITY);
      removed.add("ip rule " + line.replaceFirst("^[0-9]+:\\s*", ""));
    }
  }

  /** Our ip rules as listed; normally none or one. */
  static List<String> rules(CommandRunner runner) throws OsException {
    String ours = "fwmark " + mask() + " lookup " + PRIORITY;
    return runner
        .check("ip", "-4", "rule", "show", "priority", PRIORITY)
        .lines()
        .map(String::strip)
        .filter(line -> line.endsWith(ours))
        .toList();
  }

  /** Mark and mask as the kernel lists them. */
  static String mask() {
    String mark = ClientRuleset.hex(ClientNetwork.CAPTURE_MARK);
    return mark + "/" + mark;
  }

  private void removeRoutes() throws OsException {
    // A table that never had a route makes the listing fail: nothing to remove either.
    Result routes = runner.run(List.of("ip", "-4", "route", "show", "table", PRIORITY), "");
    if (routes.ok() && !routes.out().isBlank()) {
      runner.check("ip", "-4", "route", "flush", "table", PRIORITY);
      routes.out().lines().forEach(line -> removed.add("route " + line.strip() + " table 4710"));
    }
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
