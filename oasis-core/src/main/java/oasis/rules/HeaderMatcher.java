// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.ArrayList;
import java.util.List;
import oasis.packet.Addresses;
import oasis.packet.FlowKey;

/**
 * The header rules of one address family as one list of regions in the order of their rules. A
 * look-up scans the hulls of the regions in one flat array (one or two nanoseconds each; it runs
 * once per flow) and looks into a region only when the hull holds the key. Immutable, safe for any
 * thread, allocates nothing.
 */
final class HeaderMatcher {
  /** Longs per hull. */
  private static final int HULL = 3;

  private static final int TCP_BIT = 1;
  private static final int UDP_BIT = 2;
  private static final int ICMP_BIT = 4;

  private final boolean ipv6;
  private final HeaderRegion[] regions;
  private final int[] ruleOf;

  /** By rule, the first region of it or of a later rule; one entry more than there are rules. */
  private final int[] firstRegion;

  /**
   * By region: the part of the smallest and of the largest destination address that {@link #part}
   * takes, and protocols and destination ports as {@code protocol bits << 32 | first << 16 | last}.
   */
  private final long[] hulls;

  private HeaderMatcher(boolean ipv6, List<HeaderRegion> list, int[] ruleOf, int[] firstRegion) {
    this.ipv6 = ipv6;
    this.regions = list.toArray(HeaderRegion[]::new);
    this.ruleOf = ruleOf;
    this.firstRegion = firstRegion;
    hulls = new long[HULL * regions.length];
    for (int i = 0; i < regions.length; i++) {
      Ranges protocol = regions[i].dimensions().get(HeaderRegion.PROTOCOL);
      Ranges dport = regions[i].dimensions().get(HeaderRegion.DPORT);
      Ranges dst = regions[i].dimensions().get(HeaderRegion.DST);
      hulls[HULL * i] = part(dst.firstHi(), dst.firstLo());
      hulls[HULL * i + 1] = part(dst.lastHi(), dst.lastLo());
      hulls[HULL * i + 2] = protocols(protocol) << 32 | dport.firstLo() << 16 | dport.lastLo();
    }
  }

  /** Compiles the header rules of a list; other rules keep their index and match no packet. */
  static HeaderMatcher compile(List<Rule> rules, boolean ipv6) {
    List<HeaderRegion> regions = new ArrayList<>();
    List<Integer> ruleOf = new ArrayList<>();
    int[] firstRegion = new int[rules.size() + 1];
    for (int rule = 0; rule < rules.size(); rule++) {
      firstRegion[rule] = regions.size();
      for (HeaderRegion region : HeaderRegion.of(rules.get(rule).subset())) {
        if (region.ipv6() == ipv6) {
          regions.add(region);
          ruleOf.add(rule);
        }
      }
    }
    firstRegion[rules.size()] = regions.size();
    int[] owners = ruleOf.stream().mapToInt(Integer::intValue).toArray();
    return new HeaderMatcher(ipv6, regions, owners, firstRegion);
  }

  /**
   * The first rule with index {@code from} and above that matches a flow, or -1.
   *
   * @param key of this matcher's address family
   */
  int match(FlowKey key, int from) {
    long bit = protocolBit(key.protocol()) << 32;
    if (bit == 0 || from >= firstRegion.length) {
      return -1;
    }
    // A region with ICMP has all ports, so that an echo's identifier passes.
    long port = key.dport();
    long dst = part(key.dstHi, key.dstLo);
    long[] scan = hulls;
    for (int at = HULL * firstRegion[Math.max(0, from)]; at < scan.length; at += HULL) {
      if (dst < scan[at] || dst > scan[at + 1]) {
        continue;
      }
      long rest = scan[at + 2];
      if ((rest & bit) != 0
          && port >= (rest >>> 16 & 0xffff)
          && port <= (rest & 0xffff)
          && regions[at / HULL].contains(key)) {
        return ruleOf[at / HULL];
      }
    }
    return -1;
  }

  static boolean isIpv6(FlowKey key) {
    return !Addresses.isV4(key.dstHi, key.dstLo);
  }

  /**
   * The half of an address that tells most, so ordered that signed numbers compare: an IPv4 address
   * is all in its low half; of an IPv6 address the high half will do, as this is only a hull.
   */
  private long part(long hi, long lo) {
    return ipv6 ? hi ^ Long.MIN_VALUE : lo;
  }

  private static long protocols(Ranges set) {
    return (set.contains(0, HeaderRegion.TCP) ? TCP_BIT : 0)
        | (set.contains(0, HeaderRegion.UDP) ? UDP_BIT : 0)
        | (set.contains(0, HeaderRegion.ICMP) || set.contains(0, HeaderRegion.ICMPV6)
            ? ICMP_BIT
            : 0);
  }

  private long protocolBit(int protocol) {
    return switch (protocol) {
      case HeaderRegion.TCP -> TCP_BIT;
      case HeaderRegion.UDP -> UDP_BIT;
      case HeaderRegion.ICMP -> ipv6 ? 0 : ICMP_BIT;
      case HeaderRegion.ICMPV6 -> ipv6 ? ICMP_BIT : 0;
      default -> 0;
    };
  }
}
