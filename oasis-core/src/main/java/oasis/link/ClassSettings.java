// SPDX-License-Identifier: Apache-2.0
package oasis.link;

/**
 * One class of {@link ClassQueues}. Immutable.
 *
 * @param priority 0 goes first, {@link #MAX_PRIORITY} last; a class waits while one of a smaller
 *     number has something that may go
 * @param weight share beside the classes of the same priority, 1 to {@link #MAX_WEIGHT}
 * @param bitsPerSecond what the class may take at most, 0 = no cap
 * @param clientBitsPerSecond what one of its clients may take at most, 0 = no cap
 */
public record ClassSettings(
    int priority, int weight, long bitsPerSecond, long clientBitsPerSecond) {
  /** The last priority. */
  public static final int MAX_PRIORITY = 7;

  /** The largest weight. */
  public static final int MAX_WEIGHT = 1000;

  /** Refuses a value outside its range by its name. */
  public ClassSettings {
    require("priority", priority, 0, MAX_PRIORITY);
    require("weight", weight, 1, MAX_WEIGHT);
    require("bitsPerSecond", bitsPerSecond, 0, LinkSettings.MAX_BITS_PER_SECOND);
    require("clientBitsPerSecond", clientBitsPerSecond, 0, LinkSettings.MAX_BITS_PER_SECOND);
  }

  private static void require(String name, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + " must be " + least + " to " + most + ", not " + value);
    }
  }
}
