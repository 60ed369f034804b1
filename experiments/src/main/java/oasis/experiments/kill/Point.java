// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A named point in the life of a client. Those between two of its steps are hit exactly: the
 * client's commands pass by a script that holds one of them, and with it the client, while it is
 * killed.
 */
enum Point {
  START("before nft list tables", "device open, before it looks for what was left", "device"),
  START_DEVICE("before sysctl rp_filter", "before its kernel settings", "device"),
  START_SETTINGS("before nft -i", "kernel settings made, no table", "device"),
  START_TABLE("before ip -4*mtu", "a table without rules, no route", "device table"),
  START_HALF(
      "within ip route replace 198.18.0.0/16 dev",
      "in the middle of the IPv4 routes: no ip rule",
      "device table route4"),
  START_ROUTES4("after ip -4*mtu", "IPv4 routes, none of IPv6", "device table route4 rule4"),
  START_ROUTES6(
      "after ip -6*route replace ::/0", "all routes, nothing marked", Facts.ROUTED + " table"),
  START_RULES("transaction nft 2", "rules in force, not ready", Facts.ROUTED + " table rules"),
  IDLE(null, "idle", Facts.ROUTED + " table rules"),
  TRANSFER(null, "in the middle of two downloads", Facts.ROUTED + " table rules"),
  RELOAD(
      "transaction nft 3",
      "reload: new rules in force, file and engine not done",
      Facts.ROUTED + " table rules new-rules"),
  STOP_RULES("before ip rule del priority", "stop: rules gone, all routes there", Facts.ROUTED),
  STOP_ROUTES4(
      "after ip -4*rule del priority", "stop: of the routing, IPv6's ip rule left", "device rule6");

  /** Facts about the host, as {@link HostState#facts} names them. */
  private static final class Facts {
    static final String ROUTED = "device route4 rule4 route6 rule6";
  }

  private final @Nullable String hold;
  private final String title;
  private final String facts;

  Point(@Nullable String hold, String title, String facts) {
    this.hold = hold;
    this.title = title;
    this.facts = facts;
  }

  /** The point of a word. */
  static Optional<Point> of(String word) {
    return Arrays.stream(values()).filter(point -> point.word().equals(word)).findFirst();
  }

  /** Its name on the command line and in files. */
  @JsonValue
  String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** What the script is told, or null where the client need not be held. */
  @Nullable String hold() {
    return hold;
  }

  /** What is so at this point. */
  String title() {
    return title;
  }

  /** Everything of the client's that must be on the host at this point, sorted. */
  List<String> facts() {
    return Arrays.stream(facts.split(" ", -1)).sorted().toList();
  }

  /** Whether the client is still starting. */
  boolean starting() {
    return ordinal() < IDLE.ordinal();
  }

  /** Whether it has been told to stop. */
  boolean stopping() {
    return ordinal() >= STOP_RULES.ordinal();
  }
}
