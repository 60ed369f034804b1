// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

/**
 * Addresses as two longs, and their text. IPv4 is held IPv4-mapped (RFC 4291 section 2.5.5.2). Text
 * never causes a name look-up. The tests of kinds are for the packet path, parsing and printing are
 * not.
 */
public final class Addresses {
  /** Low half of 0.0.0.0: what stands before the 32 bits of an IPv4 address. */
  public static final long V4_PREFIX = 0x0000_ffff_0000_0000L;

  private static final int GROUPS = 8;

  private Addresses() {}

  /** Low half of an IPv4 address given as 32 bits. */
  public static long v4(int bits) {
    return V4_PREFIX | bits & 0xffff_ffffL;
  }

  /** True for IPv4. */
  public static boolean isV4(long hi, long lo) {
    return hi == 0 && lo >>> 32 == 0xffff;
  }

  /** True for 0.0.0.0 and ::. */
  public static boolean isUnspecified(long hi, long lo) {
    return hi == 0 && (lo == 0 || lo == V4_PREFIX);
  }

  /** True for 224.0.0.0/4 and ff00::/8. */
  public static boolean isMulticast(long hi, long lo) {
    return isV4(hi, lo) ? (lo & 0xf000_0000L) == 0xe000_0000L : hi >>> 56 == 0xff;
  }

  /** True for 127.0.0.0/8 and ::1. */
  public static boolean isLoopback(long hi, long lo) {
    return isV4(hi, lo) ? (lo & 0xff00_0000L) == 0x7f00_0000L : hi == 0 && lo == 1;
  }

  /** True for 169.254.0.0/16 and fe80::/10. */
  public static boolean isLinkLocal(long hi, long lo) {
    return isV4(hi, lo) ? (lo & 0xffff_0000L) == 0xa9fe_0000L : hi >>> 54 == 0xfe80 >>> 6;
  }

  /** True for 255.255.255.255. */
  public static boolean isBroadcast(long hi, long lo) {
    return hi == 0 && lo == (V4_PREFIX | 0xffff_ffffL);
  }

  /**
   * Reads an IPv4 address of four decimal numbers without leading zeros, or an IPv6 address (RFC
   * 4291 section 2.2, no zone). An IPv4-mapped IPv6 address becomes IPv4.
   *
   * @throws IllegalArgumentException with one line that quotes the text
   */
  public static Address parse(String text) {
    long[] halves = new long[2];
    boolean good = text.indexOf(':') < 0 ? parse4(text, 0, halves) : parse6(text, halves);
    if (!good) {
      throw new IllegalArgumentException("'" + text + "' is not an IP address in numbers");
    }
    return new Address(halves[0], halves[1]);
  }

  /** The address in numbers: dotted for IPv4, as RFC 5952 recommends for IPv6. */
  public static String text(long hi, long lo) {
    return isV4(hi, lo) ? text4((int) lo) : text6(hi, lo);
  }

  private static String text4(int bits) {
    return (bits >>> 24)
        + "."
        + (bits >>> 16 & 0xff)
        + "."
        + (bits >>> 8 & 0xff)
        + "."
        + (bits & 0xff);
  }

  /** The address as RFC 5952 recommends for IPv6, an IPv4-mapped one too. */
  public static String text6(long hi, long lo) {
    int longest = 0;
    int longestBytes = 1;
    for (int i = 0; i < GROUPS; i++) {
      int run = 0;
      while (i + run < GROUPS && group(hi, lo, i + run) == 0) {
        run++;
      }
      // RFC 5952 section 4.2: the longest run of zeros, the first of equals, never a single group.
      if (run > longestBytes) {
        longest = i;
        longestBytes = run;
      }
      i += run;
    }
    StringBuilder out = new StringBuilder(39);
    for (int i = 0; i < GROUPS; i++) {
      if (longestBytes > 1 && i == longest) {
        out.append("::");
        i += longestBytes - 1;
        continue;
      }
      if (!out.isEmpty() && out.charAt(out.length() - 1) != ':') {
        out.append(':');
      }
      out.append(Integer.toHexString(group(hi, lo, i)));
    }
    return out.toString();
  }

  private static int group(long hi, long lo, int i) {
    return (int) ((i < 4 ? hi : lo) >>> 48 - (i & 3) * 16) & 0xffff;
  }

  private static boolean parse4(String text, int from, long[] halves) {
    long bits = 0;
    int at = from;
    for (int part = 0; part < 4; part++) {
      if (part > 0 && (at >= text.length() || text.charAt(at++) != '.')) {
        return false;
      }
      int begin = at;
      int value = 0;
      while (at < text.length() && at - begin < 3 && digit(text.charAt(at), 10) >= 0) {
        value = value * 10 + digit(text.charAt(at++), 10);
      }
      // A leading zero is octal to some programs and decimal to others.
      if (at == begin || value > 255 || (at - begin > 1 && text.charAt(begin) == '0')) {
        return false;
      }
      bits = bits << 8 | value;
    }
    halves[0] = 0;
    halves[1] = v4((int) bits);
    return at == text.length();
  }

  private static boolean parse6(String text, long[] halves) {
    int[] groups = new int[GROUPS];
    int count = 0;
    int gap = -1;
    int at = 0;
    if (text.startsWith("::")) {
      gap = 0;
      at = 2;
    }
    while (at < text.length()) {
      int end = at;
      while (end < text.length() && text.charAt(end) != ':') {
        end++;
      }
      if (end == text.length() && text.indexOf('.', at) >= 0) {
        if (count > GROUPS - 2 || !parse4(text, at, halves)) {
          return false;
        }
        groups[count++] = (int) (halves[1] >>> 16) & 0xffff;
        groups[count++] = (int) halves[1] & 0xffff;
        break;
      }
      if (count == GROUPS || !hex(text, at, end, groups, count++)) {
        return false;
      }
      at = end + 1;
      if (end < text.length() && at == text.length()) {
        return false;
      }
      if (at < text.length() && text.charAt(at) == ':') {
        if (gap >= 0) {
          return false;
        }
        gap = count;
        at++;
      }
    }
    return gap < 0
        ? count == GROUPS && join(groups, 0, 0, halves)
        : count < GROUPS && join(groups, gap, GROUPS - count, halves);
  }

  private static boolean hex(String text, int at, int end, int[] groups, int index) {
    if (end == at || end - at > 4) {
      return false;
    }
    int value = 0;
    for (int i = at; i < end; i++) {
      int digit = digit(text.charAt(i), 16);
      if (digit < 0) {
        return false;
      }
      value = value << 4 | digit;
    }
    groups[index] = value;
    return true;
  }

  /** Like {@link Character#digit}, which would also take the digits of other scripts. */
  private static int digit(char c, int radix) {
    return c < 128 ? Character.digit(c, radix) : -1;
  }

  /**
   * Packs groups into halves, with {@code zeros} groups of zero put in before group {@code gap}.
   */
  private static boolean join(int[] groups, int gap, int zeros, long[] halves) {
    halves[0] = 0;
    halves[1] = 0;
    for (int i = 0; i < GROUPS; i++) {
      int value = i < gap ? groups[i] : i < gap + zeros ? 0 : groups[i - zeros];
      halves[i >> 2] = halves[i >> 2] << 16 | value;
    }
    return true;
  }
}
