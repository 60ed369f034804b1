// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where and how much is written down of flows.
 *
 * @param file the flow log, or null for none
 * @param maxBytes size at which the file is rotated
 * @param kept older files that are kept, 0 to {@link #MAX_KEPT}
 */
public record FlowLogSettings(@Nullable Path file, long maxBytes, int kept) {
  /** Default size of a file. */
  public static final long DEFAULT_BYTES = 64L << 20;

  /** Default number of older files. */
  public static final int DEFAULT_KEPT = 4;

  /** Most older files. */
  public static final int MAX_KEPT = 1000;

  private static final long MIN_BYTES = 4096;

  /** Checks the ranges. */
  public FlowLogSettings {
    if (maxBytes < MIN_BYTES) {
      throw new IllegalArgumentException("flow-log-size must be at least " + MIN_BYTES);
    }
    if (kept < 0 || kept > MAX_KEPT) {
      throw new IllegalArgumentException("flow-log-files must be 0 to " + MAX_KEPT);
    }
  }
}
