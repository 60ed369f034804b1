// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.ArrayList;
import java.util.List;
import oasis.packet.Addresses;
import oasis.packet.FlowKey;

/**
 * A product of ranges: the packets of one address family whose protocol, ports and addresses each
 * lie in a set. Every header subset, with {@code not} or without, is a union of at most four such
 * regions. A region that holds ICMP has all ports, because its packets have none.
 *
 * @param dimensions the sets by dimension; none is empty
 */
record HeaderRegion(boolean ipv6, List<Ranges> dimensions) {
  static final int PROTOCOL = 0;
  static final int SPORT = 1;
  static final int DPORT = 2;
  static final int SRC = 3;
  static final int DST = 4;
  static final int DIMENSIONS = 5;

  static final int TCP = 6;
  static final int UDP = 17;
  static final int ICMP = 1;
  static final int ICMPV6 = 58;

  private static final Ranges WITH_PORTS =
      Ranges.union(List.of(Ranges.of(TCP, TCP), Ranges.of(UDP, UDP)));

  private static final Ranges ICMP4_ONLY = Ranges.of(ICMP, ICMP);
  private static final Ranges ICMP6_ONLY = Ranges.of(ICMPV6, ICMPV6);
  private static final Ranges EVERY4 = Ranges.union(List.of(WITH_PORTS, ICMP4_ONLY));
  private static final Ranges EVERY6 = Ranges.union(List.of(WITH_PORTS, ICMP6_ONLY));

  /** The regions of a subset; empty if no packet can match. */
  static List<HeaderRegion> of(Subset subset) {
    List<HeaderRegion> regions = new ArrayList<>();
    if (subset.isName()) {
      return regions;
    }
    boolean ports = subset.terms().stream().anyMatch(Term.Port.class::isInstance);
    for (boolean ipv6 : new boolean[] {false, true}) {
      if (ports) {
        add(subset, ipv6, WITH_PORTS, regions);
        add(subset, ipv6, icmp(ipv6), regions);
      } else {
        add(subset, ipv6, everyProtocol(ipv6), regions);
      }
    }
    return regions;
  }

  private static void add(
      Subset subset, boolean ipv6, Ranges protocols, List<HeaderRegion> regions) {
    Ranges[] sets = new Ranges[DIMENSIONS];
    sets[PROTOCOL] = protocols;
    sets[SPORT] = Ranges.PORTS;
    sets[DPORT] = Ranges.PORTS;
    sets[SRC] = addresses(ipv6);
    sets[DST] = addresses(ipv6);
    for (Term term : subset.terms()) {
      narrow(sets, term, ipv6);
    }
    for (Ranges set : sets) {
      if (set.isEmpty()) {
        return;
      }
    }
    regions.add(new HeaderRegion(ipv6, List.of(sets)));
  }

  private static void narrow(Ranges[] sets, Term term, boolean ipv6) {
    if (term instanceof Term.Proto proto) {
      int number =
          switch (proto.protocol()) {
            case TCP -> TCP;
            case UDP -> UDP;
            case ICMP -> ipv6 ? ICMPV6 : ICMP;
          };
      Ranges set = Ranges.of(number, number);
      sets[PROTOCOL] = proto.negated() ? set.not(sets[PROTOCOL]) : sets[PROTOCOL].and(set);
    } else if (term instanceof Term.Port port) {
      if (!sets[PROTOCOL].overlaps(WITH_PORTS)) {
        // ICMP has no such port: the term holds if it is negated, and else never.
        sets[PROTOCOL] = port.negated() ? sets[PROTOCOL] : Ranges.NONE;
        return;
      }
      Ranges set =
          Ranges.union(
              port.ranges().stream().map(run -> Ranges.of(run.first(), run.last())).toList());
      int which = port.end() == Term.End.SOURCE ? SPORT : DPORT;
      sets[which] = sets[which].and(port.negated() ? set.not(Ranges.PORTS) : set);
    } else if (term instanceof Term.Block block) {
      Ranges set =
          Ranges.union(
              block.prefixes().stream()
                  .filter(prefix -> prefix.isV4() != ipv6)
                  .map(Ranges::of)
                  .toList());
      int which = block.end() == Term.End.SOURCE ? SRC : DST;
      sets[which] = sets[which].and(block.negated() ? set.not(addresses(ipv6)) : set);
    }
  }

  /** Whether a dimension holds everything, so that it need not be looked at. */
  boolean isFull(int dimension) {
    Ranges all =
        switch (dimension) {
          case PROTOCOL -> everyProtocol(ipv6);
          case SPORT, DPORT -> Ranges.PORTS;
          default -> addresses(ipv6);
        };
    return dimensions.get(dimension).equals(all);
  }

  /** Whether a packet with this flow key is in the region; allocates nothing. */
  boolean contains(FlowKey key) {
    return Addresses.isV4(key.dstHi, key.dstLo) != ipv6
        && dimensions.get(PROTOCOL).contains(0, key.protocol())
        && (isIcmp(key.protocol())
            || (dimensions.get(DPORT).contains(0, key.dport())
                && dimensions.get(SPORT).contains(0, key.sport())))
        && dimensions.get(DST).contains(key.dstHi, key.dstLo)
        && dimensions.get(SRC).contains(key.srcHi, key.srcLo);
  }

  /** Whether some packet is in both regions. */
  boolean overlaps(HeaderRegion other) {
    if (ipv6 != other.ipv6) {
      return false;
    }
    for (int i = 0; i < DIMENSIONS; i++) {
      if (!dimensions.get(i).overlaps(other.dimensions.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean isIcmp(int protocol) {
    return protocol == ICMP || protocol == ICMPV6;
  }

  private static Ranges icmp(boolean ipv6) {
    return ipv6 ? ICMP6_ONLY : ICMP4_ONLY;
  }

  private static Ranges everyProtocol(boolean ipv6) {
    return ipv6 ? EVERY6 : EVERY4;
  }

  private static Ranges addresses(boolean ipv6) {
    return ipv6 ? Ranges.IPV6 : Ranges.IPV4;
  }
}
