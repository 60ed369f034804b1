// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import oasis.packet.Addresses;
import oasis.packet.Prefix;
import oasis.rules.RuleSet;
import org.jspecify.annotations.Nullable;

/**
 * The state of the host's network that the client wants.
 *
 * @param tun name of the TUN device, which exists already
 * @param mtu MTU of the TUN device in bytes, 576 to 65,535
 * @param fakeRange prefix of the fake IPv4 addresses, /8 to /29, such as {@code 198.18.0.0/16}; its
 *     second address (198.18.0.1) becomes the TUN device's own
 * @param fakeRange6 prefix of the fake IPv6 addresses, /32 to /125, such as {@code
 *     fdc6:1200:4710::/112}; its second address becomes the TUN device's own. Null leaves IPv6
 *     alone altogether; below an MTU of 1280 there is no IPv6
 * @param reservedFirst first port of the range that NAT maps into, 1,024 to 65,535
 * @param reservedLast last port of it
 * @param mediate every new connection is diverted, whatever the rules say
 * @param rules which traffic is diverted
 */
public record ClientNetworkConfig(
    String tun,
    int mtu,
    String fakeRange,
    @Nullable String fakeRange6,
    int reservedFirst,
    int reservedLast,
    boolean mediate,
    RuleSet rules) {
  /** Smallest MTU of a link that carries IPv6 (RFC 8200 section 5). */
  static final int MIN_MTU6 = 1280;

  /** Default range that NAT maps into. */
  static final int FIRST_PORT = 61_000;

  static final int LAST_PORT = 64_999;

  static final String DEFAULT_FAKE_RANGE = "198.18.0.0/16";
  static final String DEFAULT_FAKE_RANGE6 = "fdc6:1200:4710::/112";

  /** Refuses values outside their ranges; the message names the value. */
  public ClientNetworkConfig {
    require(tun.matches("[A-Za-z0-9_][A-Za-z0-9_-]{0,14}"), "tun: " + tun + " is no device name");
    require(mtu >= 576 && mtu <= 65_535, "mtu: " + mtu + " is not 576 to 65535");
    require(
        reservedFirst >= 1_024 && reservedFirst <= reservedLast && reservedLast <= 65_535,
        "reserved ports: " + reservedFirst + "-" + reservedLast + " is no range above 1023");
    // Written as the kernel lists them.
    fakeRange = range4(fakeRange).toString();
    if (fakeRange6 != null) {
      require(mtu >= MIN_MTU6, "mtu: " + mtu + " is less than IPv6 needs, " + MIN_MTU6);
      fakeRange6 = range6(fakeRange6).toString();
    }
  }

  /** The defaults: device {@code oas0}, both families, ports 61000 to 64999. */
  public static ClientNetworkConfig defaults(int mtu, RuleSet rules) {
    return new ClientNetworkConfig(
        "oas0", mtu, DEFAULT_FAKE_RANGE, DEFAULT_FAKE_RANGE6, FIRST_PORT, LAST_PORT, false, rules);
  }

  /** The same with other rules. */
  public ClientNetworkConfig withRules(RuleSet other) {
    return new ClientNetworkConfig(
        tun, mtu, fakeRange, fakeRange6, reservedFirst, reservedLast, mediate, other);
  }

  /** The same without IPv6. */
  public ClientNetworkConfig withoutIpv6() {
    return new ClientNetworkConfig(
        tun, mtu, fakeRange, null, reservedFirst, reservedLast, mediate, rules);
  }

  /** The same, with every new connection diverted. */
  public ClientNetworkConfig mediated() {
    return new ClientNetworkConfig(
        tun, mtu, fakeRange, fakeRange6, reservedFirst, reservedLast, true, rules);
  }

  /** Whether IPv6 packets are diverted. */
  public boolean ipv6() {
    return fakeRange6 != null;
  }

  /** The TUN device's own IPv4 address. */
  String tunAddress() {
    return second(fakeRange);
  }

  /** The TUN device's own address of a fake range: the one after the prefix's first. */
  static String second(String fakeRange) {
    Prefix range = Prefix.parse(fakeRange);
    return Addresses.text(range.hi(), range.lo() + 1);
  }

  /**
   * Reads a fake range of IPv4 addresses.
   *
   * @throws IllegalArgumentException when it is none; the message begins with {@code fake-range:}
   */
  static Prefix range4(String text) {
    Prefix range = Prefix.parse(text);
    require(
        range.isV4() && range.bits() >= 8 && range.bits() <= 29,
        "fake-range: " + text + " is no IPv4 prefix of /8 to /29");
    return range;
  }

  /**
   * Reads a fake range of IPv6 addresses; a shorter prefix than /32 would take much of what others
   * own.
   *
   * @throws IllegalArgumentException when it is none; the message begins with {@code fake-range6:}
   */
  static Prefix range6(String text) {
    Prefix range = Prefix.parse(text);
    require(
        !range.isV4() && range.bits() >= 32 && range.bits() <= 125,
        "fake-range6: " + text + " is no IPv6 prefix of /32 to /125");
    return range;
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }
}
