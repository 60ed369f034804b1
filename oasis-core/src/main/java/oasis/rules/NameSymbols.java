// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

/**
 * The alphabet of name matching: letters, digits, hyphen and dot (RFC 1123 section 2.1), the
 * underscore of service names (RFC 8552), and one symbol for every other character. Sets of symbols
 * are bit masks.
 */
final class NameSymbols {
  /** Number of symbols. */
  static final int COUNT = 40;

  /** The symbol of every character that a host name does not have. */
  static final int OTHER = 39;

  /** The set of all symbols. */
  static final long ALL = (1L << COUNT) - 1;

  private static final byte[] OF = new byte[128];

  static {
    for (char c = 0; c < 128; c++) {
      OF[c] = OTHER;
    }
    for (char c = 'a'; c <= 'z'; c++) {
      OF[c] = (byte) (c - 'a');
    }
    for (char c = '0'; c <= '9'; c++) {
      OF[c] = (byte) (26 + c - '0');
    }
    OF['-'] = 36;
    OF['.'] = 37;
    OF['_'] = 38;
  }

  private NameSymbols() {}

  /** The symbol of a character of a lower-case name. */
  static int of(char c) {
    return c < 128 ? OF[c] : OTHER;
  }

  /**
   * The set with one pattern character in it, upper case meaning lower; empty for a foreign one.
   */
  static long mask(char c) {
    int symbol = of(lower(c));
    return symbol == OTHER ? 0 : 1L << symbol;
  }

  /** The set of a range of pattern characters. */
  static long mask(char first, char last) {
    long mask = 0;
    for (char c = first; c <= last && c < 128; c++) {
      mask |= mask(c);
    }
    return mask;
  }

  static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char) (c + 'a' - 'A') : c;
  }
}
