// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import oasis.os.CommandRunner.Result;
import oasis.os.OsException;

/** The doctor's look at routes, addresses, ports and what a dead client left. */
final class NetworkChecks {
  private static final String STRICT = "1";

  private final HostView host;
  private final ClientNetworkConfig config;
  private final boolean running;
  private final List<Finding> findings = new ArrayList<>();

  NetworkChecks(HostView host, ClientNetworkConfig config, boolean running) {
    this.host = host;
    this.config = config;
    this.running = running;
  }

  List<Finding> all() {
    reversePath();
    collision(config.fakeRange(), "--fake-range");
    String range6 = config.fakeRange6();
    if (range6 == null) {
      withoutIpv6();
    } else {
      collision(range6, "--fake-range6");
    }
    if (!running) {
      leftovers();
      portsInUse();
    }
    docker();
    return findings;
  }

  /** The kernel takes the higher one of what is set for all devices and for each (ip-sysctl). */
  private void reversePath() {
    String conf = "net/ipv4/conf/";
    boolean all = host.sysctl(conf + "all/rp_filter").orElse("0").equals(STRICT);
    List<String> strict = new ArrayList<>();
    for (String device : host.list("proc/sys/" + conf)) {
      String own = host.sysctl(conf + device + "/rp_filter").orElse("0");
      if (!Set.of("all", "default", "lo").contains(device)
          && (own.equals(STRICT) || (all && own.equals("0")))) {
        strict.add(device);
      }
    }
    if (strict.remove(config.tun())) {
      findings.add(
          Finding.error(
              "rp-filter-tun",
              "rp_filter is strict on "
                  + config.tun()
                  + ": the kernel drops what the client hands in.",
              "sysctl -w net.ipv4.conf." + config.tun() + ".rp_filter=2"));
    }
    if (!strict.isEmpty()) {
      findings.add(
          Finding.warning(
              "rp-filter",
              "rp_filter is strict on "
                  + String.join(", ", strict)
                  + ": on a host with two networks, answers that come in by the other one are"
                  + " dropped.",
              "sysctl -w net.ipv4.conf.all.rp_filter=2"));
    }
  }

  private void collision(String range, String option) {
    try {
      HostRoutes.read(host.runner(), range)
          .collision(config.tun())
          .ifPresent(
              route ->
                  findings.add(
                      Finding.error(
                          "fake-range-collision",
                          "The fake range "
                              + range
                              + " collides with a route of this host: "
                              + route,
                          "choose another range: run "
                              + option
                              + " PREFIX, or "
                              + option.substring(2)
                              + "=\"PREFIX\" in client.xml")));
    } catch (OsException e) {
      findings.add(
          Finding.warning("routes-unknown", "The routes cannot be listed: " + e.getMessage(), ""));
    }
  }

  private void withoutIpv6() {
    boolean off = host.sysctl("net/ipv6/conf/all/disable_ipv6").orElse("").equals("1");
    findings.add(
        Finding.note(
            "no-ipv6",
            (off ? "IPv6 is switched off" : "The kernel or the configuration leaves IPv6 out")
                + ": names that rules match get IPv4 addresses only.",
            off ? "sysctl -w net.ipv6.conf.all.disable_ipv6=0, if you want IPv6" : ""));
  }

  /** What only a crash leaves; the unreachable routes of a clean stop are no news. */
  private void leftovers() {
    List<String> found = new ArrayList<>();
    if (host.hasOurTable()) {
      found.add("nftables table " + ClientRuleset.TABLE);
    }
    String priority = Integer.toString(ClientNetwork.TABLE);
    for (String family : List.of("-4", "-6")) {
      host.run("", "ip", family, "rule", "show", "priority", priority)
          .map(Result::out)
          .orElse("")
          .lines()
          .map(String::strip)
          .filter(HostRoutes::isOurRule)
          .forEach(rule -> found.add("ip " + family + " rule " + rule));
    }
    if (!found.isEmpty()) {
      findings.add(
          Finding.warning(
              "stale-state",
              "A dead client has left " + String.join(", ", found) + ".",
              "oasis cleanup (the next start does the same)"));
    }
  }

  /** Packets for the reserved ports are dropped while the client runs. */
  private void portsInUse() {
    Set<Integer> used = new TreeSet<>();
    for (String file : List.of("tcp", "tcp6", "udp", "udp6")) {
      host.lines("proc/net/" + file).stream()
          .skip(1)
          .map(line -> line.strip().split("\\s+", 4))
          .filter(words -> words.length == 4)
          .map(words -> port(words[1]))
          .filter(port -> port >= config.reservedFirst() && port <= config.reservedLast())
          .forEach(used::add);
    }
    if (!used.isEmpty()) {
      findings.add(
          Finding.warning(
              "ports-in-use",
              "Programs of this host use ports "
                  + String.join(", ", used.stream().map(Objects::toString).toList())
                  + " of the range that the client takes ("
                  + config.reservedFirst()
                  + "-"
                  + config.reservedLast()
                  + "): their connections stop while it runs.",
              "restart those programs after the client has started, or give servers other ports"));
    }
  }

  /** The local port in a line such as {@code 0100007F:EE48}; -1 when it is none. */
  private static int port(String endpoint) {
    String hex = endpoint.substring(endpoint.lastIndexOf(':') + 1);
    return hex.matches("[0-9A-F]{4}") ? Integer.parseInt(hex, 16) : -1;
  }

  private void docker() {
    if (host.exists("run/docker.sock") || host.exists("sys/class/net/docker0")) {
      findings.add(
          Finding.note(
              "docker",
              "Docker is here: what containers send is forwarded, so the rules do not see it.",
              "run the client inside the container, or the container with --network host"));
    }
  }
}
