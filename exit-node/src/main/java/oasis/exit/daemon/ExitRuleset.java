// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import oasis.exit.engine.DestinationPolicy;
import oasis.packet.Address;
import oasis.packet.Prefix;

/** The exit node's nftables table as text, for each backend. */
final class ExitRuleset {
  /**
   * Names of the table, family inet: the first one's, and its successor's while both are there. An
   * owned table can be changed by nobody else.
   */
  static final List<String> TABLES = List.of("oasis_exit", "oasis_exit_b");

  private ExitRuleset() {}

  /**
   * The kernel backend's table: masquerade for mapped addresses, and behind the engine's own checks
   * a second fence that keeps clients from closed ranges and from this node. What connection
   * tracking finds invalid (a wrong checksum, a segment outside the window) would not be translated
   * and would leave with an address of the pool, so it is dropped.
   *
   * @param table its name
   * @param router4 whether the host forwarded IPv4 before us; if not, only our packets are
   *     forwarded
   * @param router6 the same for IPv6; true, too, when we leave IPv6 alone
   */
  static String text(String table, ExitConfig config, boolean router4, boolean router6) {
    return """
        table inet %1$s { flags owner; }
        delete table inet %1$s
        table inet %1$s {
          flags owner
        %2$s
          chain prerouting {
            type filter hook prerouting priority raw; policy accept;
            meta nfproto ipv6 iifname "%3$s" fib saddr . iif oif missing drop
          }
          chain input {
            type filter hook input priority filter - 1; policy accept;
            iifname "%3$s" ip daddr @opened4 accept
            iifname "%3$s" ip6 daddr @opened6 accept
            iifname "%3$s" drop
          }
          chain forward {
            type filter hook forward priority filter - 1; policy accept;
            iifname "%3$s" oifname "%3$s" drop
            iifname "%3$s" ip saddr != %4$s drop
            iifname "%3$s" ip6 saddr != %5$s drop
            iifname "%3$s" ct state invalid drop
            iifname "%3$s" ip daddr @opened4 accept
            iifname "%3$s" ip6 daddr @opened6 accept
            iifname "%3$s" ip daddr @closed4 drop
            iifname "%3$s" ip6 daddr @closed6 drop
            iifname "%3$s" accept
            oifname "%3$s" ct state established,related accept
            oifname "%3$s" drop
        %6$s%7$s  }
          chain postrouting {
            type nat hook postrouting priority srcnat; policy accept;
            oifname != "%3$s" ip saddr %4$s masquerade
            oifname != "%3$s" ip6 saddr %5$s masquerade
          }
        }
        """
        .formatted(
            table,
            sets(config),
            config.tun(),
            config.pool(),
            config.pool6(),
            // We turned forwarding on for ourselves: the host stays no router for others.
            router4 ? "" : "    meta nfproto ipv4 drop\n",
            router6 ? "" : "    meta nfproto ipv6 drop\n");
  }

  private static String sets(ExitConfig config) {
    return set("closed4", true, with(DestinationPolicy.CLOSED4, config.pool()))
        + set("closed6", false, with(DestinationPolicy.CLOSED6, config.pool6()))
        + set("opened4", true, config.opened().stream().filter(Prefix::isV4).toList())
        + set("opened6", false, config.opened().stream().filter(each -> !each.isV4()).toList());
  }

  private static List<Prefix> with(List<Prefix> prefixes, Prefix more) {
    return Stream.concat(prefixes.stream(), Stream.of(more)).toList();
  }

  private static String set(String name, boolean v4, List<Prefix> prefixes) {
    String elements =
        prefixes.isEmpty()
            ? ""
            : prefixes.stream()
                .map(Prefix::toString)
                .collect(Collectors.joining(", ", "    elements = { ", " }\n"));
    return """
          set %s {
            type %s
            flags interval
            auto-merge
        %s  }
        """
        .formatted(name, v4 ? "ipv4_addr" : "ipv6_addr", elements);
  }

  /**
   * The raw backend's table: the kernel does not see what comes for the ports of the range. On
   * Ethernet interfaces it is dropped at once, behind the packet socket that copies it; on others
   * before connection tracking. What we send by raw sockets is not tracked.
   *
   * @param table its name
   * @param addresses the node's own, under which flows leave
   * @param interfaces names of Ethernet interfaces that are not ports of a bridge or bond
   */
  static String silence(
      String table, ExitConfig.Raw raw, List<Address> addresses, List<String> interfaces) {
    String drops =
        addresses.stream()
            .map(
                each ->
                    "%s daddr %s meta l4proto { tcp, udp } th dport %d-%d drop"
                        .formatted(
                            each.isV4() ? "ip" : "ip6", each, raw.firstPort(), raw.lastPort()))
            .collect(Collectors.joining("\n    "));
    String devices =
        interfaces.stream().map(each -> '"' + each + '"').collect(Collectors.joining(", "));
    String ingress =
        devices.isEmpty()
            ? ""
            : """
                chain ingress {
                  type filter hook ingress devices = { %s } priority -500; policy accept;
                  %s
                }
              """
                .formatted(devices, drops);
    return """
        table inet %1$s { flags owner; }
        delete table inet %1$s
        table inet %1$s {
          flags owner
        %2$s
          chain prerouting {
            type filter hook prerouting priority raw; policy accept;
            iifname "lo" accept
            %3$s
          }
          chain output {
            type filter hook output priority raw; policy accept;
            meta mark & %4$d == %4$d notrack
          }
        }
        """
        .formatted(table, ingress, drops, RawSide.MARK);
  }
}
