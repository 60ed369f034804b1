// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.util.ArrayList;
import java.util.List;
import oasis.packet.Addresses;
import oasis.packet.FlowKey;
import oasis.packet.Ip;

/** Turns the flow map into text for people and programs. */
final class FlowListing {
  private FlowListing() {}

  static List<FlowInfo> list(FlowMap map, Carriers carriers, Fakes fakes, int limit, long nowNs) {
    List<FlowInfo> list = new ArrayList<>();
    for (int f = map.next(0); f >= 0 && list.size() < limit; f = map.next(f + 1)) {
      list.add(one(map, carriers, fakes, f, nowNs));
    }
    return list;
  }

  /** One flow. */
  static FlowInfo one(FlowMap map, Carriers carriers, Fakes fakes, int f, long nowNs) {
    FlowKey key = new FlowKey();
    map.key(f, key);
    RuleHits rule = map.hits[f];
    return new FlowInfo(
        protocol(key.protocol()),
        endpoint(key.srcHi, key.srcLo, key.sport()),
        endpoint(key.dstHi, key.dstLo, key.dport()),
        endpoint(map.realHi[f], map.realLo[f], key.dport()),
        map.fake[f] >= 0 ? fakes.name(map.fake[f]) : null,
        rule == null ? null : rule.rule().toString(),
        carriers.exists(map.carrier[f]) ? carriers.name(map.carrier[f]) : "removed",
        (nowNs - map.bornNs[f]) / 1_000_000,
        (nowNs - map.lastNs[f]) / 1_000_000,
        map.outPkts[f],
        map.outBytes[f],
        map.inPkts[f],
        map.inBytes[f]);
  }

  private static String protocol(int number) {
    return switch (number) {
      case Ip.TCP -> "tcp";
      case Ip.UDP -> "udp";
      case Ip.ICMP, Ip.ICMP6 -> "icmp";
      default -> Integer.toString(number);
    };
  }

  private static String endpoint(long hi, long lo, int port) {
    String address = Addresses.text(hi, lo);
    return (address.indexOf(':') >= 0 ? "[" + address + "]" : address) + ":" + port;
  }
}
