// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.result;

import java.util.List;

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

  private final Svg svg = new Svg();
  private int y;

  /**
   * @param title above the figure
   * @param remark below the title: how it was measured
   */
  public BarFigure(String title, String remark) {
    svg.head(title, remark);
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
    svg.text(10, y + 16, "start", "font-weight='bold'", panel.title());
    legend(panel.series());
    Axis axis = Axis.of(values(rows), panel.logarithmic());
    int top = y + HEAD;
    int height = rows.size() * (panel.series().size() * BAR + GAP);
    for (double tick : axis.ticks()) {
      double x = x(axis, tick);
      svg.line(x, top - 4, x, top + height, "#ddd", 1);
      svg.text(x, top + height + 13, "middle", "fill='#555' font-size='10'", Svg.number(tick));
    }
    y = top;
    for (Row row : rows) {
      double middle = y + panel.series().size() * BAR / 2.0 + 4;
      svg.text(LABELS - 8, middle, "end", "", row.label());
      for (int i = 0; i < row.rounds().size(); i++) {
        bar(axis, row.rounds().get(i), Svg.colour(i));
        y += BAR;
      }
      y += GAP;
    }
    y = top + height + FOOT;
  }

  private static List<Double> values(List<Row> rows) {
    return rows.stream().flatMap(row -> row.rounds().stream()).flatMap(List::stream).toList();
  }

  private void legend(List<String> series) {
    int x = WIDTH - NUMBERS - 110 * series.size();
    for (int i = 0; i < series.size(); i++) {
      svg.rectangle(x, y + 7, 10, BAR - 1, Svg.colour(i));
      svg.text(x + 15, y + 16, "start", "", series.get(i));
      x += 110;
    }
  }

  private void bar(Axis axis, List<Double> rounds, String colour) {
    if (rounds.isEmpty()) {
      return;
    }
    double end = x(axis, Numbers.median(rounds));
    svg.rectangle(LABELS, y, Math.max(1, end - LABELS), BAR - 1, colour);
    double most = x(axis, Numbers.largest(rounds));
    double middle = y + BAR / 2.0;
    svg.line(x(axis, Numbers.smallest(rounds)), middle, most, middle, "#222", 1.5);
    svg.text(
        Math.max(end, most) + 5,
        y + BAR - 1,
        "start",
        "font-size='10'",
        Svg.number(Numbers.median(rounds)));
  }

  private static double x(Axis axis, double value) {
    return LABELS + axis.fraction(value) * (WIDTH - LABELS - NUMBERS);
  }

  /** The whole document. */
  public String svg() {
    return svg.document(WIDTH, y);
  }
}
