// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;

/** Reads the time of a report; one without its zone is refused, because it names many instants. */
final class WhoisTime {
  private static final List<DateTimeFormatter> FORMS =
      List.of(
          DateTimeFormatter.ISO_ZONED_DATE_TIME,
          // As nginx and Apache write it.
          DateTimeFormatter.ofPattern("dd/MMM/uuuu:HH:mm:ss Z", Locale.ENGLISH),
          DateTimeFormatter.RFC_1123_DATE_TIME);

  private WhoisTime() {}

  /**
   * Reads a time.
   *
   * @param now what the word {@code now} means
   * @throws IllegalArgumentException in one line, with an example
   */
  static Instant parse(String text, Instant now) {
    if (text.equals("now")) {
      return now;
    }
    String iso = text.replaceFirst("^([0-9-]{10}) ", "$1T");
    for (DateTimeFormatter form : FORMS) {
      try {
        return ZonedDateTime.parse(iso, form).toInstant();
      } catch (DateTimeException e) {
        // Another form, then.
      }
    }
    throw new IllegalArgumentException(
        lacksZone(iso)
            ? "the time '%s' lacks its zone: write for example %sZ or %s+01:00"
                .formatted(text, iso, iso)
            : ("'%s' is no time: write for example 2026-03-01T14:30:00Z, 2026-03-01T15:30:00+01:00,"
                    + " '01/Mar/2026:14:30:00 +0000', or now")
                .formatted(text));
  }

  private static boolean lacksZone(String iso) {
    try {
      LocalDateTime.parse(iso);
      return true;
    } catch (DateTimeException e) {
      return false;
    }
  }
}
