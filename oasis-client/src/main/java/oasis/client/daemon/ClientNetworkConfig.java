// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import oasis.rules.RuleSet;

/**
 * The state of the host's network that the client wants.
 *
 * @param tun name of the TUN device, which exists already
 * @param mtu MTU of the TUN device in bytes, 576 to 65,535
 * @param fakeRange prefix of the fake IPv4 addresses, such as {@code 198.18.0.0/16}; its first
 *     address becomes the TUN device's own
 * @param reservedFirst first port of the range that NAT maps into
 * @param reservedLast last port of it
 * @param ipv6 whether IPv6 packets are diverted too; the device has no IPv6 route yet, so that
 *     {@code false} is right
 * @param rules which traffic is diverted
 */
public record ClientNetworkConfig(
    String tun,
    int mtu,
    String fakeRange,
    int reservedFirst,
    int reservedLast,
    boolean ipv6,
    RuleSet rules) {

  /** The defaults: device {@code oas0}, range 198.18.0.0/16, ports 61000 to 64999, IPv4 only. */
  public static ClientNetworkConfig defaults(int mtu, RuleSet rules) {
    return new ClientNetworkConfig("oas0", mtu, "198.18.0.0/16", 61_000, 64_999, false, rules);
  }

  /** The same with other rules. */
  public ClientNetworkConfig withRules(RuleSet other) {
    return new ClientNetworkConfig(tun, mtu, fakeRange, reservedFirst, reservedLast, ipv6, other);
  }
}
