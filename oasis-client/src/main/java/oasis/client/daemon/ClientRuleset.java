// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.List;
import oasis.packet.Address;
import oasis.rules.NftHeaderRules;
import oasis.rules.NftPrograms;

/**
 * The client's nftables table as text. What it does to a packet of either family that this host
 * sends, in order:
 *
 * <ol>
 *   <li>A packet of a connection that both ends know and that is not diverted is left alone, at the
 *       price of reading its state: this is what traffic that no rule matches costs. DNS queries by
 *       UDP go on.
 *   <li>A packet of one of our own sockets, or to this host, a broadcast or a multicast address, is
 *       left alone; a multicast that would leave by our own device is dropped there, since nobody
 *       is behind it.
 *   <li>At the first packet of a connection the kernel notes which of the rules' terms about
 *       programs hold ({@link NftPrograms}), while there are such terms. Packets to fake addresses
 *       and DNS queries pass here, too.
 *   <li>A DNS query is diverted, whatever its connection, when the kernel sends it from the address
 *       that OC0 has: a server behind another interface would not answer OC0, so that a query to it
 *       is a packet like any other. Servers on this host are local and were left alone above. A
 *       query to a link-local IPv6 server stays: its address means nothing without the interface,
 *       and no route of ours could keep that. By TCP it is the connection that is diverted, when it
 *       begins and some rule is about names.
 *   <li>A packet of a diverted connection is diverted: the decision is kept in the connection's
 *       mark, so that neither a new nor a removed rule moves a live connection. The other direction
 *       (answers of servers on this host) is never touched.
 *   <li>The first packet of a new connection is compared with the header rules, or diverted at once
 *       when everything is mediated. For TCP it has to be a bare SYN, because connection tracking
 *       takes packets from the middle of a connection for new ones; for ICMP an echo request, so
 *       that neighbour discovery never is. It also takes each datagram of a stream without answers
 *       for new, so the connection's mark remembers that it was compared. Link-local destinations
 *       stay: no carrier may forward them (RFC 3927 section 2.7, RFC 4291 section 2.5.6).
 * </ol>
 *
 * <p>Packets that arrive for the reserved NAT ports are dropped before connection tracking, so that
 * the kernel neither answers nor delivers them; our packet socket has seen them by then. Those from
 * the loopback or the TUN device are for programs of this host and pass. The port is asked first:
 * every packet that arrives pays for it. What our NAT sends from these ports is not tracked.
 */
final class ClientRuleset {
  /** Name of the table. */
  static final String TABLE = "inet oasis";

  private static final String CAPTURE = hex(ClientNetwork.CAPTURE_MARK);
  private static final String EXEMPT = hex(ClientNetwork.EXEMPT_MARK);

  /** Bit of connection marks that says: its first packet has been compared with the rules. */
  private static final String JUDGED = hex(0x4000_0000);

  /** OC0's addresses; of IPv6 the network, in which the host has a new address each day. */
  private static final String OWN_SETS =
      "set own4 { type ipv4_addr; }\nset own6 { type ipv6_addr; flags interval; }\n";

  private ClientRuleset() {}

  /**
   * Text that replaces the table in one transaction.
   *
   * @param groups the control groups that the rules name
   */
  static String text(ClientNetworkConfig config, ControlGroups groups) {
    String notes = NftPrograms.notes(config.rules(), groups::id);
    NftHeaderRules headers =
        config.mediate()
            ? new NftHeaderRules("", "goto capture\n")
            : NftHeaderRules.compile(config.rules(), "goto capture", config.ipv6());
    return String.join(
        "\n",
        "table " + TABLE + " { flags owner; }",
        "delete table " + TABLE,
        "table " + TABLE + " {",
        "flags owner",
        OWN_SETS + headers.sets() + programs(notes) + output(config, !notes.isEmpty()),
        "chain stays {",
        multicasts(config),
        "}",
        "chain capture {",
        "ct mark set ct mark or " + CAPTURE,
        "counter meta mark set meta mark or " + CAPTURE,
        "}",
        "chain headers {",
        headers.statements() + "}",
        reserved(config),
        "}",
        "");
  }

  /**
   * Text that says which addresses OC0 has, once the table stands.
   *
   * @param own none of a family: its DNS queries are packets like any other
   */
  static String addresses(List<Address> own) {
    StringBuilder text = new StringBuilder();
    for (String set : List.of("own4", "own6")) {
      text.append("flush set " + TABLE + " " + set + "\n");
    }
    for (Address one : own) {
      String element = one.isV4() ? "own4 { " + one : "own6 { " + new Address(one.hi(), 0) + "/64";
      text.append("add element " + TABLE + " " + element + " }\n");
    }
    return text.toString();
  }

  /**
   * Text that makes a table which only keeps multicasts out of our device: the kernel of a router
   * announces its groups as soon as a device comes up, before there may be rules.
   */
  static String silence(ClientNetworkConfig config) {
    return String.join(
        "\n",
        "table " + TABLE + " {",
        "flags owner",
        "chain output {",
        "type route hook output priority mangle; policy accept;",
        multicasts(config),
        "}",
        "}",
        "");
  }

  /** By prefix: without a route the kernel calls an IPv6 multicast address unreachable. */
  private static String multicasts(ClientNetworkConfig config) {
    String out = "oifname \"" + config.tun() + "\" ";
    return out + "ip daddr 224.0.0.0/4 counter drop\n" + out + "ip6 daddr ff00::/8 counter drop";
  }

  private static String programs(String notes) {
    return notes.isEmpty() ? "" : "chain programs {\n" + notes + "}\n";
  }

  private static String output(ClientNetworkConfig config, boolean programs) {
    String judged = "ct mark and " + JUDGED + " == " + JUDGED;
    String left = "ct state established ct mark and " + CAPTURE + " == 0 return";
    return String.join(
        "\n",
        "chain output {",
        "type route hook output priority mangle; policy accept;",
        "meta l4proto != udp " + left,
        "udp dport != 53 " + left,
        "meta mark and " + EXEMPT + " == " + EXEMPT + " return",
        (config.ipv6() ? "" : "meta nfproto ipv6 return\n")
            + "fib daddr type { local, broadcast, multicast } goto stays",
        "ip6 daddr { fe80::/10, ff00::/8 } goto stays"
            + (programs ? "\nct state new " + judged.replace("==", "!=") + " jump programs" : ""),
        "udp dport 53 ip saddr @own4 meta mark set meta mark or " + CAPTURE + " return",
        "udp dport 53 ip6 saddr @own6 meta mark set meta mark or " + CAPTURE + " return",
        "ct direction original ct mark and "
            + CAPTURE
            + " == "
            + CAPTURE
            + " meta mark set meta mark or "
            + CAPTURE
            + " return",
        "ct state != new return",
        judged + " return",
        "ct mark set ct mark or " + JUDGED,
        names(config) + "ip daddr 169.254.0.0/16 return",
        "tcp flags & (fin|syn|rst|ack) == syn goto headers",
        "meta l4proto udp goto headers",
        "icmp type echo-request goto headers",
        "icmpv6 type echo-request goto headers",
        "}",
        "");
  }

  /** DNS by TCP, one connection at a time; nobody needs it to be seen but rules about names. */
  private static String names(ClientNetworkConfig config) {
    boolean wanted = config.rules().rules().stream().anyMatch(rule -> rule.subset().isName());
    String begins = " tcp flags & (fin|syn|rst|ack) == syn goto capture\n";
    return wanted
        ? "tcp dport 53 ip saddr @own4" + begins + "tcp dport 53 ip6 saddr @own6" + begins
        : "";
  }

  private static String reserved(ClientNetworkConfig config) {
    String ports = config.reservedFirst() + "-" + config.reservedLast();
    String family = config.ipv6() ? "" : "meta nfproto ipv4 ";
    return String.join(
        "\n",
        "chain reserved_in {",
        "type filter hook prerouting priority raw; policy accept;",
        family
            + "meta l4proto { tcp, udp } th dport "
            + ports
            + " iifname != { \"lo\", \""
            + config.tun()
            + "\" } fib daddr type local drop",
        "}",
        "chain reserved_out {",
        "type filter hook output priority raw; policy accept;",
        "meta mark and "
            + EXEMPT
            + " == "
            + EXEMPT
            + " meta l4proto { tcp, udp } th sport "
            + ports
            + " notrack",
        "}");
  }

  /** A mark as nft and ip write it. */
  static String hex(int mark) {
    return String.format("0x%08x", mark);
  }
}
