// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import oasis.packet.Address;
import oasis.packet.Addresses;
import org.jspecify.annotations.Nullable;

/** The names under which addresses are looked up (RFC 1035 section 3.5, RFC 3596 section 2.5). */
final class ReverseNames {
  private static final String SUFFIX_4 = ".in-addr.arpa";
  private static final String SUFFIX_6 = ".ip6.arpa";

  /** 32 digits, each behind a dot but the first. */
  private static final int DIGITS_6 = 63;

  private ReverseNames() {}

  /**
   * The address that a name such as {@code 7.0.18.198.in-addr.arpa} is about.
   *
   * @param name lower case, without the final dot
   * @return null when the name is of another form
   */
  static @Nullable Address address(String name) {
    if (name.endsWith(SUFFIX_4)) {
      return address4(name.substring(0, name.length() - SUFFIX_4.length()));
    }
    return name.endsWith(SUFFIX_6)
        ? address6(name.substring(0, name.length() - SUFFIX_6.length()))
        : null;
  }

  private static @Nullable Address address4(String digits) {
    String[] parts = digits.split("\\.", -1);
    if (parts.length != 4) {
      return null;
    }
    try {
      return Addresses.parse(parts[3] + "." + parts[2] + "." + parts[1] + "." + parts[0]);
    } catch (IllegalArgumentException notAnAddress) {
      return null;
    }
  }

  private static @Nullable Address address6(String digits) {
    if (digits.length() != DIGITS_6) {
      return null;
    }
    long hi = 0;
    long lo = 0;
    for (int i = 0; i < DIGITS_6; i++) {
      char c = digits.charAt(i);
      if (i % 2 == 1) {
        if (c != '.') {
          return null;
        }
        continue;
      }
      int digit = c < 128 ? Character.digit(c, 16) : -1;
      if (digit < 0) {
        return null;
      }
      // The last digit of the address comes first: each one pushes the others down.
      lo = lo >>> 4 | hi << 60;
      hi = hi >>> 4 | (long) digit << 60;
    }
    return new Address(hi, lo);
  }
}
