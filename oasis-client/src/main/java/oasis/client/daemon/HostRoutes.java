// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.packet.Prefix;

/**
 * What the kernel lists about a fake range: our ip rule, and every route that shares addresses with
 * the range.
 *
 * @param range the fake range
 * @param lines as {@code ip} lists them
 */
record HostRoutes(Prefix range, List<String> lines) {
  /** The highest metric there is, so that every other route of the same prefix is preferred. */
  static final String WORST_METRIC = "4294967295";

  /** Origin of our routes (rtm_protocol), by which they are told from those of others. */
  static final String PROTOCOL = "47";

  /**
   * A shorter prefix is a default route in disguise (0.0.0.0/1), as VPNs install them, or with IPv6
   * an aggregate (fd00::/8) that only keeps local addresses from leaving.
   */
  private static final int LEAST_BITS4 = 8;

  private static final int LEAST_BITS6 = 16;

  private static final String NUMBER = Integer.toString(ClientNetwork.TABLE);

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

  /** Asks the kernel. */
  static HostRoutes read(CommandRunner runner, String fakeRange) throws OsException {
    Prefix range = Prefix.parse(fakeRange);
    IpBatch batch = range.isV4() ? IpBatch.ipv4() : IpBatch.ipv6();
    String out =
        batch
            .add("rule", "show", "priority", NUMBER)
            .add("route", "show", "table", "all", "root", range.toString())
            .add("route", "show", "table", "all", "match", range.toString())
            .run(runner);
    return new HostRoutes(range, out.lines().map(String::strip).toList());
  }

  /** Whether the ip rule stands that leads marked packets into our table. */
  boolean hasRule() {
    return lines.stream().anyMatch(HostRoutes::isOurRule);
  }

  /** Whether a line of {@code ip rule} is ours. */
  static boolean isOurRule(String line) {
    return line.matches(NUMBER + ":.*") && line.endsWith("fwmark " + mask() + " lookup " + NUMBER);
  }

  /** Mark and mask as the kernel lists them. */
  static String mask() {
    String mark = ClientRuleset.hex(ClientNetwork.CAPTURE_MARK);
    return mark + "/" + mark;
  }

  /**
   * A route of somebody else that shares addresses with the fake range, as listed.
   *
   * @param tun name of our device
   */
  Optional<String> collision(String tun) {
    return lines.stream().filter(line -> !isOurs(line, tun) && sharesAddresses(line)).findFirst();
  }

  private static boolean isOurs(String line, String tun) {
    List<String> words = words(line);
    return isPair(words, "dev", tun)
        || isPair(words, "proto", PROTOCOL)
        || (line.startsWith("unreachable ") && isPair(words, "metric", WORST_METRIC));
  }

  private boolean sharesAddresses(String line) {
    List<String> words = words(line);
    int at = !words.isEmpty() && TYPES.contains(words.get(0)) ? 1 : 0;
    if (words.size() <= at || words.get(at).equals("default")) {
      return false;
    }
    try {
      Prefix route = Prefix.parse(words.get(at));
      return route.bits() >= (range.isV4() ? LEAST_BITS4 : LEAST_BITS6)
          && (route.contains(range) || range.contains(route));
    } catch (IllegalArgumentException e) {
      return false; // not a route's line
    }
  }

  private static boolean isPair(List<String> words, String key, String value) {
    int at = words.indexOf(key);
    return at >= 0 && at + 1 < words.size() && words.get(at + 1).equals(value);
  }

  private static List<String> words(String line) {
    return Arrays.asList(line.split("\\s+", -1));
  }
}
