// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.failover;

import java.util.List;
import oasis.experiments.measure.InRounds;
import oasis.experiments.measure.Span;

/**
 * One failure.
 *
 * @param round from 1
 * @param failure which
 * @param startedAt time of day, ISO 8601
 * @param span what happened on the machine meanwhile
 * @param downloads those that ran when the entry node failed
 * @param attempts connections that began after that
 * @param doubts what the emulated links have to say against the numbers
 */
record Step(
    int round,
    Failure failure,
    String startedAt,
    Span span,
    List<Download> downloads,
    List<Attempt> attempts,
    List<String> doubts)
    implements InRounds.Measured {
  /** Stands for a time that nothing was waited for any longer. */
  static final double NEVER = -1;

  /**
   * A download that began by the overlay, and its one retry.
   *
   * @param resetS time from the failure to the end of its connection, or {@link #NEVER}
   * @param againS time that its next connection took until the first byte, or {@link #NEVER}
   * @param complete whether the retry brought the whole file
   */
  record Download(double resetS, double againS, boolean complete) {}

  /**
   * A connection that began after the failure.
   *
   * @param atS when it began, since the failure
   * @param tookS time until the first byte, retries included, or {@link #NEVER}
   * @param tries 1, and one more for each time that it was refused
   */
  record Attempt(double atS, double tookS, int tries) {}

  /** Whether others or the links themselves disturbed it. */
  boolean doubtful() {
    return span.doubtful() || !doubts.isEmpty();
  }
}
