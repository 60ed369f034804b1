// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An IPv4 address with the length of its network prefix, as {@code 10.0.1.2/24}; a single address
 * has 32 bits.
 *
 * @param address the 32 bits of the address, host part included
 * @param bits 0 to 32
 */
public record Ip4Prefix(int address, int bits) {
  private static final Pattern FORM =
      Pattern.compile(
          "([0-9]{1,3})\\.([0-9]{1,3})\\.([0-9]{1,3})\\.([0-9]{1,3})(?:/([0-9]{1,2}))?");

  public Ip4Prefix {
    if (bits < 0 || bits > 32) {
      throw new IllegalArgumentException("a prefix has 0 to 32 bits, not " + bits);
    }
  }

  /**
   * Reads {@code 10.0.1.2/24} or {@code 10.0.1.2}.
   *
   * @throws IllegalArgumentException for anything else; the message says what is expected
   */
  public static Ip4Prefix parse(String text) {
    Matcher m = FORM.matcher(text);
    if (!m.matches()) {
      throw bad(text);
    }
    int address = 0;
    for (int i = 1; i <= 4; i++) {
      int part = Integer.parseInt(m.group(i));
      // A leading zero means octal to some programs and decimal to others.
      if (part > 255 || (m.group(i).length() > 1 && m.group(i).charAt(0) == '0')) {
        throw bad(text);
      }
      address = address << 8 | part;
    }
    int bits = m.group(5) == null ? 32 : Integer.parseInt(m.group(5));
    if (bits > 32) {
      throw bad(text);
    }
    return new Ip4Prefix(address, bits);
  }

  private static IllegalArgumentException bad(String text) {
    return new IllegalArgumentException(
        "\"" + text + "\" is not an IPv4 address or prefix such as 10.0.1.2/24");
  }

  private int mask() {
    return bits == 0 ? 0 : -1 << (32 - bits);
  }

  /** The same prefix with the host part cleared. */
  public Ip4Prefix network() {
    return new Ip4Prefix(address & mask(), bits);
  }

  /** Whether an address lies in this prefix. */
  public boolean contains(int other) {
    return (other & mask()) == (address & mask());
  }

  /** Whether the two prefixes share an address. */
  public boolean overlaps(Ip4Prefix other) {
    return bits <= other.bits ? contains(other.address) : other.contains(address);
  }

  /** The address alone, {@code 10.0.1.2}. */
  public String host() {
    return (address >>> 24)
        + "."
        + (address >>> 16 & 255)
        + "."
        + (address >>> 8 & 255)
        + "."
        + (address & 255);
  }

  /** Address and length, {@code 10.0.1.2/24}. */
  @Override
  public String toString() {
    return host() + "/" + bits;
  }
}
