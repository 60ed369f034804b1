// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Quantities with their unit, such as {@code 20ms} or {@code 1.5Mbit/s}. The unit is required. */
final class Quantity {
  private static final Pattern FORM =
      Pattern.compile("([0-9]{1,12}(?:\\.[0-9]{1,9})?) ?([A-Za-z%][A-Za-z/]{0,9}|%)");

  private static final Map<String, Long> TIME_NS =
      Map.of("ns", 1L, "us", 1_000L, "ms", 1_000_000L, "s", 1_000_000_000L);
  private static final Map<String, Long> RATE_BITS =
      Map.of("bit/s", 1L, "kbit/s", 1_000L, "Mbit/s", 1_000_000L, "Gbit/s", 1_000_000_000L);
  private static final Map<String, Long> SIZE_BYTES =
      Map.of("B", 1L, "kB", 1_000L, "MB", 1_000_000L, "KiB", 1L << 10, "MiB", 1L << 20);
  private static final Map<String, Long> SHARE_PPB = Map.of("%", 10_000_000L);

  private Quantity() {}

  /** A time in ns. */
  static long timeNs(String text, long most) {
    return parse(text, TIME_NS, "a time such as 20ms", most);
  }

  /** A rate in bit/s. */
  static long bitsPerSecond(String text, long most) {
    return parse(text, RATE_BITS, "a rate such as 50Mbit/s", most);
  }

  /** A size in bytes. */
  static long bytes(String text, long most) {
    return parse(text, SIZE_BYTES, "a size such as 64KiB", most);
  }

  /** A share in parts per 10<sup>9</sup>. */
  static long sharePpb(String text, long most) {
    return parse(text, SHARE_PPB, "a percentage such as 1%", most);
  }

  private static long parse(String text, Map<String, Long> units, String what, long most) {
    Matcher m = FORM.matcher(text);
    Long unit = m.matches() ? units.get(m.group(2)) : null;
    if (unit == null) {
      throw new IllegalArgumentException(
          ("\"" + text + "\" is not " + what)
              + (" (units: " + String.join(", ", new TreeMap<>(units).keySet()) + ")"));
    }
    BigDecimal value = new BigDecimal(m.group(1)).multiply(BigDecimal.valueOf(unit));
    if (value.compareTo(BigDecimal.valueOf(most)) > 0) {
      throw new IllegalArgumentException("\"" + text + "\" is too large");
    }
    return value.setScale(0, RoundingMode.HALF_UP).longValueExact();
  }
}
