// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.math.BigDecimal;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.link.LinkSettings;

/** Rates as people write them: {@code 20Mbit/s}, {@code 1.5Gbit/s}. The unit is required. */
public final class Rates {
  /** Least rate: a full packet takes twelve seconds at it. */
  public static final long MIN_BITS_PER_SECOND = 1000;

  private static final Pattern FORM =
      Pattern.compile("([0-9]{1,12}(?:\\.[0-9]{1,9})?)([kMG]?bit/s)");

  private static final Map<String, Long> UNITS =
      Map.of("bit/s", 1L, "kbit/s", 1_000L, "Mbit/s", 1_000_000L, "Gbit/s", 1_000_000_000L);

  private Rates() {}

  /**
   * Reads a rate of 1 kbit/s to 1000 Gbit/s.
   *
   * @return bits per second
   * @throws IllegalArgumentException with half a line that says what is wrong
   */
  public static long parse(String text) {
    Matcher m = FORM.matcher(text);
    if (!m.matches()) {
      throw new IllegalArgumentException("'" + text + "' is not a rate such as 20Mbit/s");
    }
    BigDecimal unit = BigDecimal.valueOf(UNITS.getOrDefault(m.group(2), 1L));
    BigDecimal bits = new BigDecimal(m.group(1)).multiply(unit);
    if (bits.compareTo(BigDecimal.valueOf(MIN_BITS_PER_SECOND)) < 0
        || bits.compareTo(BigDecimal.valueOf(LinkSettings.MAX_BITS_PER_SECOND)) > 0) {
      throw new IllegalArgumentException("'" + text + "' is not 1kbit/s to 1000Gbit/s");
    }
    return bits.longValue();
  }

  /** The shortest way to write a rate. */
  public static String text(long bitsPerSecond) {
    String unit = "bit/s";
    for (String each : new String[] {"kbit/s", "Mbit/s", "Gbit/s"}) {
      unit = bitsPerSecond >= UNITS.getOrDefault(each, 1L) ? each : unit;
    }
    BigDecimal number =
        BigDecimal.valueOf(bitsPerSecond)
            .divide(BigDecimal.valueOf(UNITS.getOrDefault(unit, 1L)))
            .stripTrailingZeros();
    return number.toPlainString() + unit;
  }
}
