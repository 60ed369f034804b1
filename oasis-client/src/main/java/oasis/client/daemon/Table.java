// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import oasis.io.config.ConfigException;
import org.jspecify.annotations.Nullable;

/** A table for people: columns as wide as their longest entry, two blanks apart. */
final class Table {
  private final List<List<String>> rows = new ArrayList<>();

  Table(String... headings) {
    rows.add(List.of(headings));
  }

  /** Adds a row; null becomes a dash. */
  Table row(@Nullable Object... values) {
    List<String> row = new ArrayList<>();
    for (Object value : values) {
      row.add(value == null ? "-" : ConfigException.oneLine(value.toString()));
    }
    rows.add(row);
    return this;
  }

  /** Prints headings and rows. */
  void print(PrintWriter out) {
    int columns = rows.get(0).size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < columns; i++) {
        line.append(row.get(i));
        if (i < columns - 1) {
          line.append(" ".repeat(widths[i] - row.get(i).length() + 2));
        }
      }
      out.println(line.toString().stripTrailing());
    }
    out.flush();
  }

  /** A number of bytes that a person reads at a glance: {@code 1.5 MB}. */
  static String bytes(@Nullable Object number) {
    double n = number instanceof Number value ? value.doubleValue() : 0;
    String[] units = {"B", "kB", "MB", "GB", "TB"};
    int unit = 0;
    while (n >= 999.5 && unit < units.length - 1) {
      n /= 1000;
      unit++;
    }
    return unit == 0
        ? String.format(Locale.ROOT, "%.0f B", n)
        : String.format(Locale.ROOT, "%.1f %s", n, units[unit]);
  }

  /** A number of milliseconds: {@code 340 ms}, {@code 12 s}, {@code 5 min}, {@code 3 h}. */
  static String duration(@Nullable Object ms) {
    if (!(ms instanceof Number number)) {
      return "never";
    }
    long n = number.longValue();
    if (n < 1000) {
      return n + " ms";
    }
    long seconds = n / 1000;
    if (seconds < 120) {
      return seconds + " s";
    }
    return seconds < 7200 ? seconds / 60 + " min" : seconds / 3600 + " h";
  }
}
