// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.ArrayList;
import java.util.List;
import oasis.packet.Addresses;
import oasis.packet.FlowKey;

/**
 * All header rules as one list of regions in the order of their rules. A look-up scans the hulls of
 * the regions in flat arrays (a few nanoseconds each; it runs once per flow) and looks into a
 * region only when the hull holds the key. Immutable, safe for any thread, allocates nothing.
 */
final class HeaderMatcher {
  /** Six classes of packets: IPv4 and IPv6, each TCP, UDP and ICMP. */
  private static final int IPV6_SHIFT = 3;

  private final HeaderRegion[] regions;
  private final int[] ruleOf;

  /** By rule, the first region of it or of a later rule; one entry more than there are rules. */
  private final int[] firstRegion;

  private final int[] classes;

  /** Smallest and largest destination port: {@code first << 16 | last}. */
  private final int[] ports;

  /** Four longs a region: halves of the smallest and of the largest destination address. */
  private final long[] addresses;

  private HeaderMatcher(HeaderRegion[] regions, int[] ruleOf, int[] firstRegion) {
    this.regions = regions;
    this.ruleOf = ruleOf;
    this.firstRegion = firstRegion;
    classes = new int[regions.length];
    ports = new int[regions.length];
    addresses = new long[4 * regions.length];
    for (int i = 0; i < regions.length; i++) {
      HeaderRegion region = regions[i];
      Ranges protocol = region.dimensions().get(HeaderRegion.PROTOCOL);
      int bits =
          (protocol.contains(0, HeaderRegion.TCP) ? 1 : 0)
              | (protocol.contains(0, HeaderRegion.UDP) ? 2 : 0)
              | (protocol.contains(0, HeaderRegion.ICMP) ? 4 : 0)
              | (protocol.contains(0, HeaderRegion.ICMPV6) ? 4 : 0);
      classes[i] = region.ipv6() ? bits << IPV6_SHIFT : bits;
      Ranges dport = region.dimensions().get(HeaderRegion.DPORT);
      ports[i] = (int) (dport.firstLo() << 16 | dport.lastLo());
      Ranges dst = region.dimensions().get(HeaderRegion.DST);
      addresses[4 * i] = dst.firstHi();
      addresses[4 * i + 1] = dst.firstLo();
      addresses[4 * i + 2] = dst.lastHi();
      addresses[4 * i + 3] = dst.lastLo();
    }
  }

  /** Compiles the header rules of a list; other rules keep their index and match no packet. */
  static HeaderMatcher compile(List<Rule> rules) {
    List<HeaderRegion> regions = new ArrayList<>();
    List<Integer> ruleOf = new ArrayList<>();
    int[] firstRegion = new int[rules.size() + 1];
    for (int rule = 0; rule < rules.size(); rule++) {
      firstRegion[rule] = regions.size();
      for (HeaderRegion region : HeaderRegion.of(rules.get(rule).subset())) {
        regions.add(region);
        ruleOf.add(rule);
      }
    }
    firstRegion[rules.size()] = regions.size();
    return new HeaderMatcher(
        regions.toArray(HeaderRegion[]::new),
        ruleOf.stream().mapToInt(Integer::intValue).toArray(),
        firstRegion);
  }

  /** The first rule with index {@code from} and above that matches a flow, or -1. */
  int match(FlowKey key, int from) {
    int bit = classOf(key);
    if (bit == 0 || from >= firstRegion.length) {
      return -1;
    }
    // The hull of an ICMP region has all ports.
    int port = key.dport();
    long hi = key.dstHi;
    long lo = key.dstLo;
    for (int i = firstRegion[Math.max(0, from)]; i < regions.length; i++) {
      if ((classes[i] & bit) == 0 || port < ports[i] >>> 16 || port > (ports[i] & 0xffff)) {
        continue;
      }
      int at = 4 * i;
      if (Ranges.compare(hi, lo, addresses[at], addresses[at + 1]) >= 0
          && Ranges.compare(hi, lo, addresses[at + 2], addresses[at + 3]) <= 0
          && regions[i].contains(key)) {
        return ruleOf[i];
      }
    }
    return -1;
  }

  private static int classOf(FlowKey key) {
    boolean ipv6 = !Addresses.isV4(key.dstHi, key.dstLo);
    int bit =
        switch (key.protocol()) {
          case HeaderRegion.TCP -> 1;
          case HeaderRegion.UDP -> 2;
          case HeaderRegion.ICMP -> ipv6 ? 0 : 4;
          case HeaderRegion.ICMPV6 -> ipv6 ? 4 : 0;
          default -> 0;
        };
    return ipv6 ? bit << IPV6_SHIFT : bit;
  }
}
