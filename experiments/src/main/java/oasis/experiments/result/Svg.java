// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.result;

import java.util.Locale;

/** Collects the parts of a drawing. Confined to one thread. */
final class Svg {
  /** One for each series of a figure, in this order. */
  private static final String[] COLOURS = {"#1f6fb2", "#e08a1e", "#4a9d5b", "#8a5bb0"};

  private final StringBuilder body = new StringBuilder();

  /** The colour of a series. */
  static String colour(int series) {
    return COLOURS[series % COLOURS.length];
  }

  void line(double x1, double y1, double x2, double y2, String colour, double width) {
    body.append(
        String.format(
            Locale.ROOT,
            "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='%s' stroke-width='%.1f'/>%n",
            x1,
            y1,
            x2,
            y2,
            colour,
            width));
  }

  void rectangle(double x, double top, double width, int height, String colour) {
    body.append(
        String.format(
            Locale.ROOT,
            "<rect x='%.1f' y='%.1f' width='%.1f' height='%d' fill='%s'/>%n",
            x,
            top,
            width,
            height,
            colour));
  }

  void circle(double x, double y, String colour) {
    body.append(
        String.format(
            Locale.ROOT, "<circle cx='%.1f' cy='%.1f' r='2.5' fill='%s'/>%n", x, y, colour));
  }

  /**
   * Adds words.
   *
   * @param anchor which end of them is at {@code x}: {@code start}, {@code middle} or {@code end}
   * @param style attributes of SVG, may be empty
   */
  void text(double x, double base, String anchor, String style, String words) {
    body.append(
        String.format(
            Locale.ROOT,
            "<text x='%.1f' y='%.1f' text-anchor='%s' %s>%s</text>%n",
            x,
            base,
            anchor,
            style,
            words.replace("&", "&amp;").replace("<", "&lt;")));
  }

  /** The title of a figure and, below, how it was measured. */
  void head(String title, String remark) {
    text(10, 24, "start", "font-size='17' font-weight='bold'", title);
    text(10, 42, "start", "fill='#555'", remark);
  }

  /** A number with as many decimals as a reader wants. */
  static String number(double value) {
    double size = Math.abs(value);
    int decimals = value == Math.rint(value) || size >= 100 ? 0 : size >= 10 ? 1 : 2;
    return String.format(Locale.ROOT, "%,." + decimals + "f", value);
  }

  /** The whole document. */
  String document(int width, int height) {
    return String.format(
            Locale.ROOT,
            "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' viewBox='0 0 %d %d'"
                + " font-family='sans-serif' font-size='12'>%n",
            width,
            height,
            width,
            height)
        + "<rect width='100%' height='100%' fill='white'/>\n"
        + body
        + "</svg>\n";
  }
}
