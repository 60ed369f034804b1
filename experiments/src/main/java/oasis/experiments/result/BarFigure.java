// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.result;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A figure of horizontal bars in SVG: panels one below the other, in each a row for each subject
 * and in each row a bar for each series. A bar ends at the median; a line shows the smallest and
 * largest round. Confined to one thread.
 */
public final class BarFigure {
  private static final int WIDTH = 900;
  private static final int LABELS = 230;
  private static final int NUMBERS = 70;
  private static final int BAR = 11;
  private static final int GAP = 8;
  private static final int HEAD = 34;
  private static final int FOOT = 30;
  private static final String[] COLOURS = {"#1f6fb2", "#e08a1e", "#4a9d5b"};

  /**
   * A part of the figure with an axis of its own.
   *
   * @param title what it shows, with the unit
   * @param logarithmic whether the axis is
   * @param series names of the bars in each row
   * @param rows from the top
   */
  public record Panel(String title, boolean logarithmic, List<String> series, List<Row> rows) {}

  /**
   * A subject.
   *
   * @param label its name
   * @param rounds for each series the values of the rounds; an empty list makes no bar
   */
  public record Row(String label, List<List<Double>> rounds) {}

  private final StringBuilder body = new StringBuilder();
  private int y;

  /**
   * @param title above the figure
   * @param remark below the title: how it was measured
   */
  public BarFigure(String title, String remark) {
    text(10, 24, "start", "font-size='17' font-weight='bold'", title);
    text(10, 42, "start", "fill='#555'", remark);
    y = 56;
  }

  /** Adds a panel below. */
  public void add(Panel panel) {
    List<Row> rows =
        panel.rows().stream()
            .filter(row -> row.rounds().stream().anyMatch(each -> !each.isEmpty()))
            .toList();
    if (rows.isEmpty()) {
      return;
    }
    text(10, y + 16, "start", "font-weight='bold'", panel.title());
    legend(panel.series());
    Axis axis = Axis.of(rows, panel.logarithmic());
    int top = y + HEAD;
    int height = rows.size() * (panel.series().size() * BAR + GAP);
    for (double tick : axis.ticks()) {
      double x = x(axis, tick);
      line(x, top - 4, x, top + height, "#ddd", 1);
      text(x, top + height + 13, "middle", "fill='#555' font-size='10'", number(tick));
    }
    y = top;
    for (Row row : rows) {
      double middle = y + panel.series().size() * BAR / 2.0 + 4;
      text(LABELS - 8, middle, "end", "", row.label());
      for (int i = 0; i < row.rounds().size(); i++) {
        bar(axis, row.rounds().get(i), COLOURS[i % COLOURS.length]);
        y += BAR;
      }
      y += GAP;
    }
    y = top + height + FOOT;
  }

  private void legend(List<String> series) {
    int x = WIDTH - NUMBERS - 110 * series.size();
    for (int i = 0; i < series.size(); i++) {
      rectangle(x, y + 7, 10, COLOURS[i % COLOURS.length]);
      text(x + 15, y + 16, "start", "", series.get(i));
      x += 110;
    }
  }

  private void bar(Axis axis, List<Double> rounds, String colour) {
    if (rounds.isEmpty()) {
      return;
    }
    double end = x(axis, Numbers.median(rounds));
    rectangle(LABELS, y, Math.max(1, end - LABELS), colour);
    double most = x(axis, Numbers.largest(rounds));
    double middle = y + BAR / 2.0;
    line(x(axis, Numbers.smallest(rounds)), middle, most, middle, "#222", 1.5);
    text(
        Math.max(end, most) + 5,
        y + BAR - 1,
        "start",
        "font-size='10'",
        number(Numbers.median(rounds)));
  }

  private static double x(Axis axis, double value) {
    return LABELS + axis.fraction(value) * (WIDTH - LABELS - NUMBERS);
  }

  private void line(double x1, double y1, double x2, double y2, String colour, double width) {
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

  private void rectangle(double x, double top, double width, String colour) {
    body.append(
        String.format(
            Locale.ROOT,
            "<rect x='%.1f' y='%.1f' width='%.1f' height='%d' fill='%s'/>%n",
            x,
            top,
            width,
            BAR - 1,
            colour));
  }

  private void text(double x, double base, String anchor, String style, String words) {
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

  private static String number(double value) {
    int decimals = value == Math.rint(value) || value >= 100 ? 0 : value >= 10 ? 1 : 2;
    return String.format(Locale.ROOT, "%,." + decimals + "f", value);
  }

  /** The whole document. */
  public String svg() {
    return String.format(
            Locale.ROOT,
            "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' viewBox='0 0 %d %d'"
                + " font-family='sans-serif' font-size='12'>%n",
            WIDTH,
            y,
            WIDTH,
            y)
        + "<rect width='100%' height='100%' fill='white'/>\n"
        + body
        + "</svg>\n";
  }

  /** From the axis' begin to its end, linear or by powers of ten. */
  private record Axis(double low, double high, boolean logarithmic, List<Double> ticks) {
    static Axis of(List<Row> rows, boolean logarithmic) {
      double most = 0;
      double least = Double.MAX_VALUE;
      for (Row row : rows) {
        for (List<Double> rounds : row.rounds()) {
          for (double value : rounds) {
            most = Math.max(most, value);
            least = Math.min(least, value > 0 ? value : least);
          }
        }
      }
      most = most > 0 ? most : 1;
      return logarithmic ? decades(Math.min(least, most), most) : linear(most);
    }

    private static Axis decades(double least, double most) {
      // A bar of the smallest value must still be seen.
      double low = Math.pow(10, Math.floor(Math.log10(least * 0.8)));
      List<Double> ticks = new ArrayList<>();
      for (double tick = low; tick <= most * 1.001; tick *= 10) {
        ticks.add(tick);
      }
      return new Axis(low, most, true, ticks);
    }

    private static Axis linear(double most) {
      double step = Math.pow(10, Math.floor(Math.log10(most)));
      step = most / step > 5 ? step * 2 : most / step > 2 ? step : step / 2;
      List<Double> ticks = new ArrayList<>();
      for (int i = 0; i * step <= most * 1.001; i++) {
        ticks.add(i * step);
      }
      return new Axis(0, most, false, ticks);
    }

    double fraction(double value) {
      return logarithmic
          ? Math.log(Math.max(value, low) / low) / Math.log(high / low)
          : (value - low) / (high - low);
    }
  }
}
