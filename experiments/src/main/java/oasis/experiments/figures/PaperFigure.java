// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import oasis.experiments.result.LineFigure.Mark;
import oasis.experiments.result.LineFigure.Point;

/** A figure of the paper's evaluation (section 5), with what it found. */
enum PaperFigure {
  FIG6("Overhead on individual packets", "added RTT: median 2 ms of 55 ms", 2, 50),
  FIG7("Overhead on short transfers", "added transfer time: median 0", 0, 50),
  FIG8("Overhead on long transfers", "added transfer time: median 0", 0, 50),
  FIG9A("CPU utilization against download rate", "20 % CPU at 10 Mbit/s", 10, 20),
  FIG9B("CPU utilization against upload rate", "unusable above 3 Mbit/s", 3, 0);

  private final String title;
  private final String found;
  private final double x;
  private final double y;

  PaperFigure(String title, String found, double x, double y) {
    this.title = title;
    this.found = found;
    this.x = x;
    this.y = y;
  }

  String title() {
    return title;
  }

  /** The paper's number, for people. */
  String found() {
    return found;
  }

  /** Where that is in the drawing. */
  Mark mark() {
    return new Mark("paper: " + found, new Point(x, y));
  }

  /** Whether CPU is drawn against rates, and not a distribution over destinations. */
  boolean isLoad() {
    return this == FIG9A || this == FIG9B;
  }

  /** Its name in options, goals and results. */
  @JsonValue
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
