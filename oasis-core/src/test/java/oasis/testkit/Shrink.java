// SPDX-License-Identifier: Apache-2.0
package oasis.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Makes a sequence that fails as short as it gets by leaving out parts of it (delta debugging,
 * Zeller and Hildebrandt 2002), so that a person can read why.
 */
public final class Shrink {
  /** Most sequences that are tried; what is left then is short enough. */
  private static final int TRIES = 3_000;

  private Shrink() {}

  /**
   * The shortest sequence found that still fails; leaving out any single element of it makes it
   * pass, unless there were more than {@value #TRIES} tries.
   *
   * @param failing a sequence that fails
   * @param fails whether a part of it, in its order, fails
   */
  public static <T> List<T> smallest(List<T> failing, Predicate<List<T>> fails) {
    List<T> best = new ArrayList<>(failing);
    int tries = 0;
    int chunk = Math.max(1, best.size() / 2);
    while (tries < TRIES && !best.isEmpty()) {
      boolean shorter = false;
      for (int at = 0; at < best.size() && tries < TRIES; tries++) {
        List<T> candidate = new ArrayList<>(best.subList(0, at));
        candidate.addAll(best.subList(Math.min(at + chunk, best.size()), best.size()));
        if (fails.test(candidate)) {
          best = candidate;
          shorter = true;
        } else {
          at += chunk;
        }
      }
      if (chunk == 1 && !shorter) {
        break;
      }
      chunk = Math.max(1, chunk / 2);
    }
    return best;
  }
}
