// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.packet.Prefix;

/** Routes of the host as {@code ip route} lists them, looked through for ours and for others. */
final class HostRoutes {
  /** The highest metric there is, so that every other route of the same prefix is preferred. */
  static final String WORST_METRIC = "4294967295";

  /** A shorter prefix is a default route in disguise (0.0.0.0/1), as VPNs install them. */
  private static final int LEAST_BITS = 8;

  private static final Set<String> TYPES =
      Set.of(
          "unicast",
          "local",
          "broadcast",
          "multicast",
          "anycast",
          "unreachable",
          "blackhole",
          "prohibit",
          "throw",
          "nat");

  private HostRoutes() {}

  /** A route of somebody else that shares addresses with the fake range, as listed. */
  static Optional<String> collision(CommandRunner runner, ClientNetworkConfig config)
      throws OsException {
    Prefix range = Prefix.parse(config.fakeRange());
    return runner
        .check("ip", "-4", "route", "show", "table", "all")
        .lines()
        .map(String::strip)
        .filter(line -> !isOurs(line, config) && sharesAddresses(line, range))
        .findFirst();
  }

  /** The prefixes of the unreachable routes that a client left; nobody else uses that metric. */
  static List<String> unreachable(CommandRunner runner) throws OsException {
    return runner
        .check("ip", "-4", "route", "show", "type", "unreachable")
        .lines()
        .map(HostRoutes::words)
        .filter(words -> words.size() > 1 && isPair(words, "metric", WORST_METRIC))
        .map(words -> words.get(1))
        .toList();
  }

  private static boolean isOurs(String line, ClientNetworkConfig config) {
    List<String> words = words(line);
    return isPair(words, "dev", config.tun())
        || (line.startsWith("unreachable ") && isPair(words, "metric", WORST_METRIC));
  }

  private static boolean sharesAddresses(String line, Prefix range) {
    List<String> words = words(line);
    int at = !words.isEmpty() && TYPES.contains(words.get(0)) ? 1 : 0;
    if (words.size() <= at || words.get(at).equals("default")) {
      return false;
    }
    try {
      Prefix route = Prefix.parse(words.get(at));
      return route.bits() >= LEAST_BITS && (route.contains(range) || range.contains(route));
    } catch (IllegalArgumentException e) {
      return false; // not a route's line
    }
  }

  private static boolean isPair(List<String> words, String key, String value) {
    int at = words.indexOf(key);
    return at >= 0 && at + 1 < words.size() && words.get(at + 1).equals(value);
  }

  private static List<String> words(String line) {
    return Arrays.asList(line.strip().split("\\s+", -1));
  }
}
