// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.util.Locale;

/** Writes metrics in the text format of Prometheus, version 0.0.4. For one use. */
final class MetricsText {
  /** The media type of the format. */
  static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private final StringBuilder text = new StringBuilder(4096);
  private String family = "";

  /** Begins a family of values that only grow. */
  MetricsText counter(String name, String help) {
    return family(name, "counter", help);
  }

  /** Begins a family of values that go up and down. */
  MetricsText gauge(String name, String help) {
    return family(name, "gauge", help);
  }

  private MetricsText family(String name, String type, String help) {
    family = name;
    text.append("# HELP ").append(name).append(' ');
    text.append(help.replace("\\", "\\\\").replace("\n", "\\n")).append('\n');
    text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    return this;
  }

  /**
   * Adds a value to the family begun last.
   *
   * @param labels name and value in turn
   */
  MetricsText value(Number value, String... labels) {
    text.append(family);
    for (int i = 0; i + 1 < labels.length; i += 2) {
      text.append(i == 0 ? '{' : ',').append(labels[i]).append("=\"");
      text.append(escaped(labels[i + 1])).append('"');
    }
    text.append(labels.length == 0 ? " " : "} ").append(number(value)).append('\n');
    return this;
  }

  private static String escaped(String label) {
    return label.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }

  private static String number(Number value) {
    return value instanceof Double real
        ? String.format(Locale.ROOT, "%.3f", real)
        : Long.toString(value.longValue());
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
