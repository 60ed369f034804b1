// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.result;

import java.util.List;
import java.util.stream.Collectors;

/** A figure of lines over two axes in SVG. */
public final class LineFigure {
  private static final int WIDTH = 760;
  private static final int HEIGHT = 460;
  private static final int LEFT = 70;
  private static final int RIGHT = 20;
  private static final int TOP = 90;
  private static final int BOTTOM = 60;
  private static final int LEGEND = 160;
  private static final String GRID = "#ddd";
  private static final String MARK = "#b22";

  private LineFigure() {}

  /** A point. */
  public record Point(double x, double y) {}

  /**
   * A series.
   *
   * @param name of the legend
   * @param points from left to right
   */
  public record Line(String name, List<Point> points) {}

  /**
   * A number that others found.
   *
   * @param name what it is
   * @param at where it is
   */
  public record Mark(String name, Point at) {}

  /**
   * What the axes are.
   *
   * @param x what is shown from left to right, with the unit
   * @param y what is shown upwards, with the unit
   * @param logarithmic whether x is
   */
  public record Axes(String x, String y, boolean logarithmic) {}

  /**
   * Draws.
   *
   * @param title above the figure
   * @param remark below the title: how it was measured
   * @return the whole document
   */
  public static String svg(
      String title, String remark, Axes axes, List<Line> lines, List<Mark> marks) {
    List<Point> points =
        lines.stream().flatMap(line -> line.points().stream()).collect(Collectors.toList());
    marks.forEach(mark -> points.add(mark.at()));
    Axis across = Axis.of(points.stream().map(Point::x).toList(), axes.logarithmic());
    Axis up = Axis.of(points.stream().map(Point::y).toList(), false);
    Svg svg = new Svg();
    svg.head(title, remark);
    grid(svg, axes, across, up);
    for (int i = 0; i < lines.size(); i++) {
      svg.rectangle(LEFT + i * LEGEND, TOP - 32, 10, 10, Svg.colour(i));
      svg.text(LEFT + i * LEGEND + 15, TOP - 23, "start", "", lines.get(i).name());
      draw(svg, across, up, lines.get(i).points(), Svg.colour(i));
    }
    for (Mark mark : marks) {
      double x = x(across, mark.at().x());
      double y = y(up, mark.at().y());
      svg.circle(x, y, MARK);
      boolean right = across.fraction(mark.at().x()) > 0.6;
      svg.text(x + (right ? -7 : 7), y + 4, right ? "end" : "start", "fill='#b22'", mark.name());
    }
    return svg.document(WIDTH, HEIGHT);
  }

  private static void grid(Svg svg, Axes axes, Axis across, Axis up) {
    int bottom = HEIGHT - BOTTOM;
    for (double tick : across.ticks()) {
      svg.line(x(across, tick), TOP, x(across, tick), bottom, GRID, 1);
      svg.text(x(across, tick), bottom + 16, "middle", "fill='#555'", Svg.number(tick));
    }
    for (double tick : up.ticks()) {
      svg.line(LEFT, y(up, tick), WIDTH - RIGHT, y(up, tick), GRID, 1);
      svg.text(LEFT - 6, y(up, tick) + 4, "end", "fill='#555'", Svg.number(tick));
    }
    svg.text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 20, "middle", "", axes.x());
    svg.text(10, TOP - 8, "start", "", axes.y());
  }

  private static void draw(Svg svg, Axis across, Axis up, List<Point> points, String colour) {
    for (int i = 0; i < points.size(); i++) {
      double x = x(across, points.get(i).x());
      double y = y(up, points.get(i).y());
      svg.circle(x, y, colour);
      if (i > 0) {
        svg.line(x(across, points.get(i - 1).x()), y(up, points.get(i - 1).y()), x, y, colour, 1.5);
      }
    }
  }

  private static double x(Axis axis, double value) {
    return LEFT + axis.fraction(value) * (WIDTH - LEFT - RIGHT);
  }

  private static double y(Axis axis, double value) {
    return HEIGHT - BOTTOM - axis.fraction(value) * (HEIGHT - TOP - BOTTOM);
  }
}
