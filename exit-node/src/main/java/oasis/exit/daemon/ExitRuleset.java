// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import oasis.exit.engine.DestinationPolicy;
import oasis.packet.Prefix;

/** The exit node's nftables table as text. */
final class ExitRuleset {
  /** Name of the table, family inet. */
  static final String TABLE = "oasis_exit";

  private ExitRuleset() {}

  /**
   * The table: masquerade for mapped addresses, and behind the engine's own checks a second fence
   * that keeps clients from closed ranges and from this node. What connection tracking finds
   * invalid (a wrong checksum, a segment outside the window) would not be translated and would
   * leave with an address of the pool, so it is dropped.
   *
   * @param wasRouter whether the host forwarded before us; if not, only our packets are forwarded
   */
  static String text(ExitConfig config, boolean wasRouter) {
    return """
        table inet %1$s { flags owner; }
        delete table inet %1$s
        table inet %1$s {
          flags owner
          set closed {
            type ipv4_addr
            flags interval
            auto-merge
            elements = { %2$s }
          }
          set opened {
            type ipv4_addr
            flags interval
            auto-merge
            %3$s
          }
          chain input {
            type filter hook input priority filter - 1; policy accept;
            iifname "%4$s" ip daddr @opened accept
            iifname "%4$s" drop
          }
          chain forward {
            type filter hook forward priority filter - 1; policy accept;
            iifname "%4$s" oifname "%4$s" drop
            iifname "%4$s" ip saddr != %5$s drop
            iifname "%4$s" ct state invalid drop
            iifname "%4$s" ip daddr @opened accept
            iifname "%4$s" ip daddr @closed drop
            iifname "%4$s" accept
            oifname "%4$s" ct state established,related accept
            oifname "%4$s" drop
        %6$s  }
          chain postrouting {
            type nat hook postrouting priority srcnat; policy accept;
            oifname != "%4$s" ip saddr %5$s masquerade
          }
        }
        """
        .formatted(
            TABLE,
            elements(
                Stream.concat(DestinationPolicy.CLOSED.stream(), Stream.of(config.pool()))
                    .toList()),
            config.opened().isEmpty() ? "" : "elements = { " + elements(config.opened()) + " }",
            config.tun(),
            config.pool(),
            // We turned forwarding on for ourselves: the host stays no router for others.
            wasRouter ? "" : "    meta nfproto ipv4 drop\n");
  }

  private static String elements(List<Prefix> prefixes) {
    return prefixes.stream().map(Prefix::toString).collect(Collectors.joining(", "));
  }
}
