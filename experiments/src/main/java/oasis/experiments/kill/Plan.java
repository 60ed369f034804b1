// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What a run tries.
 *
 * @param quick at most four minutes
 * @param points the named points
 * @param instants how many instants are drawn
 * @param seed draws them
 * @param java of the client, as it calls itself
 */
record Plan(boolean quick, List<Point> points, int instants, long seed, String java) {
  static final int INSTANTS = 100;
  static final int QUICK_INSTANTS = 10;

  /** Instants are drawn from this time after the start; the client's script takes as long. */
  static final double SPAN_MS = 3500;

  /** Points at which a quick run also kills the whole process group. */
  private static final List<Point> QUICK_GROUP =
      List.of(Point.START_RULES, Point.TRANSFER, Point.RELOAD);

  Plan {
    points = List.copyOf(points);
  }

  /** Everything that is to be tried, in this order. */
  List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (Point point : points) {
      cases.add(Case.at(point, Blow.KILL));
      if (!quick || QUICK_GROUP.contains(point)) {
        cases.add(Case.at(point, Blow.KILL_GROUP));
      }
    }
    add(cases, Point.START_RULES, Blow.STOP);
    add(cases, Point.IDLE, Blow.STOP, Blow.STALL, Blow.STOP_UNGUARDED);
    add(cases, Point.TRANSFER, Blow.STOP, Blow.STOP_GROUP, Blow.STALL);
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 1; i <= instants; i++) {
      double atMs = Math.round(10 * random.nextDouble(SPAN_MS)) / 10.0;
      cases.add(Case.instant(i, atMs, random.nextBoolean()));
    }
    return cases;
  }

  private void add(List<Case> cases, Point point, Blow... blows) {
    if (points.contains(point)) {
      for (Blow blow : blows) {
        cases.add(Case.at(point, blow));
      }
    }
  }
}
