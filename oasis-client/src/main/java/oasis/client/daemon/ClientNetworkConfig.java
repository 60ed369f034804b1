// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import oasis.packet.Addresses;
import oasis.packet.Prefix;
import oasis.rules.RuleSet;

/**
 * The state of the host's network that the client wants.
 *
 * @param tun name of the TUN device, which exists already
 * @param mtu MTU of the TUN device in bytes, 576 to 65,535
 * @param fakeRange prefix of the fake IPv4 addresses, /8 to /29, such as {@code 198.18.0.0/16}; its
 *     second address (198.18.0.1) becomes the TUN device's own
 * @param reservedFirst first port of the range that NAT maps into, 1,024 to 65,535
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

  /** Refuses values outside their ranges; the message names the value. */
  public ClientNetworkConfig {
    require(tun.matches("[A-Za-z0-9_][A-Za-z0-9_-]{0,14}"), "tun: " + tun + " is no device name");
    require(mtu >= 576 && mtu <= 65_535, "mtu: " + mtu + " is not 576 to 65535");
    require(
        reservedFirst >= 1_024 && reservedFirst <= reservedLast && reservedLast <= 65_535,
        "reserved ports: " + reservedFirst + "-" + reservedLast + " is no range above 1023");
    Prefix range = Prefix.parse(fakeRange);
    require(
        range.isV4() && range.bits() >= 8 && range.bits() <= 29,
        "fake-range: " + fakeRange + " is no IPv4 prefix of /8 to /29");
    // Written as the kernel lists it.
    fakeRange = range.toString();
  }

  /** The defaults: device {@code oas0}, range 198.18.0.0/16, ports 61000 to 64999, IPv4 only. */
  public static ClientNetworkConfig defaults(int mtu, RuleSet rules) {
    return new ClientNetworkConfig("oas0", mtu, "198.18.0.0/16", 61_000, 64_999, false, rules);
  }

  /** The same with other rules. */
  public ClientNetworkConfig withRules(RuleSet other) {
    return new ClientNetworkConfig(tun, mtu, fakeRange, reservedFirst, reservedLast, ipv6, other);
  }

  /** The TUN device's own address. */
  String tunAddress() {
    Prefix range = Prefix.parse(fakeRange);
    return Addresses.text(range.hi(), range.lo() + 1);
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }
}
