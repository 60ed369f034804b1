// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import oasis.packet.Address;
import oasis.packet.Prefix;

/**
 * A node's address on a link, with the length of the link's network prefix, as {@code 10.0.1.2/24}
 * or {@code 2001:db8::2/64}.
 *
 * @param address the whole address
 * @param bits length of the prefix, 0 to 32 for IPv4 and 0 to 128 for IPv6
 */
public record LinkAddress(Address address, int bits) {
  /** Refuses a length outside the family's range. */
  public LinkAddress {
    int most = address.isV4() ? 32 : 128;
    if (bits < 0 || bits > most) {
      throw new IllegalArgumentException(
          "\"" + address + "/" + bits + "\" has no prefix length of 0 to " + most);
    }
  }

  /**
   * Reads {@code ADDRESS/LENGTH} of either family.
   *
   * @throws IllegalArgumentException for anything else; the message says what is expected
   */
  public static LinkAddress parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0 || !text.substring(slash + 1).matches("0|[1-9][0-9]{0,2}")) {
      throw new IllegalArgumentException(
          "\""
              + text
              + "\" is not an address with a prefix length such as 10.0.1.2/24 or 2001:db8::2/64");
    }
    Address address = Address.parse(text.substring(0, slash));
    return new LinkAddress(address, Integer.parseInt(text.substring(slash + 1)));
  }

  /** True for IPv4. */
  public boolean isV4() {
    return address.isV4();
  }

  /** The link's network. */
  public Prefix network() {
    int hostBits = (isV4() ? 32 : 128) - bits;
    long hi = hostBits <= 64 ? address.hi() : clear(address.hi(), hostBits - 64);
    return new Prefix(hi, clear(address.lo(), Math.min(64, hostBits)), bits);
  }

  private static long clear(long half, int low) {
    return low == 64 ? 0 : half & -1L << low;
  }

  /** The address alone, {@code 10.0.1.2}. */
  public String host() {
    return address.toString();
  }

  /** Address and length, {@code 10.0.1.2/24}. */
  @Override
  public String toString() {
    return host() + "/" + bits;
  }
}
