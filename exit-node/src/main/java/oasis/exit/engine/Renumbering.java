// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/** Numbers of clients or sources here, by those that they had in another process. */
final class Renumbering implements IntUnaryOperator {
  /** Highest number there. */
  static final int MOST = 1 << 24;

  private static final int NONE = -1;

  private int[] here = new int[0];

  /** Notes a number; false when that number there was noted already. */
  boolean add(int there, int now) {
    if (there >= here.length) {
      int old = here.length;
      here = Arrays.copyOf(here, Math.max(16, Integer.highestOneBit(there) << 1));
      Arrays.fill(here, old, here.length, NONE);
    }
    boolean free = here[there] == NONE;
    here[there] = now;
    return free;
  }

  /** The number here, or -1. */
  @Override
  public int applyAsInt(int there) {
    return there < 0 || there >= here.length ? NONE : here[there];
  }
}
