// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One thing to try.
 *
 * @param name unique within a run
 * @param point where, or null for an instant
 * @param atMs the instant, in ms after the client was started; 0 for a point
 * @param blow what happens there
 */
record Case(String name, @Nullable Point point, double atMs, Blow blow) {
  static Case at(Point point, Blow blow) {
    String more = blow == Blow.KILL ? "" : "+" + blow.name().toLowerCase(Locale.ROOT);
    return new Case(point.word() + more, point, 0, blow);
  }

  static Case instant(int number, double atMs, boolean group) {
    return new Case("random-" + number, null, atMs, group ? Blow.KILL_GROUP : Blow.KILL);
  }

  /** The same at another instant. */
  Case moved(double otherMs) {
    return new Case(name, point, otherMs, blow);
  }

  /** Whether it is an instant that was drawn. */
  boolean random() {
    return point == null;
  }
}
