// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.push;

import java.util.List;
import oasis.experiments.measure.InRounds;
import oasis.experiments.measure.Span;
import org.jspecify.annotations.Nullable;

/**
 * One round: everything, on new nodes.
 *
 * @param round from 1
 * @param startedAt time of day, ISO 8601
 * @param span what happened on the machine during the first push
 * @param nodes what was seen of the nodes during the first push
 * @param first push to all
 * @param second the same again, to the healthy ones
 * @param changed a push with another option
 * @param rollback back to the first
 * @param stop the end
 * @param fetched downloads by a client's host
 * @param held downloads that were under way while the release changed twice
 * @param changedFiles files of the nodes that were others after the second push
 * @param left what was left on the nodes after the end
 */
record Step(
    int round,
    String startedAt,
    Span span,
    List<Seen> nodes,
    Pushed first,
    Pushed second,
    Pushed changed,
    Pushed rollback,
    Pushed stop,
    List<Fetched> fetched,
    List<Held> held,
    List<String> changedFiles,
    List<String> left)
    implements InRounds.Measured {
  /** Stands for a time that never came. */
  static final double NEVER = -1;

  Step {
    nodes = List.copyOf(nodes);
    fetched = List.copyOf(fetched);
    held = List.copyOf(held);
    changedFiles = List.copyOf(changedFiles);
    left = List.copyOf(left);
  }

  /**
   * A node.
   *
   * @param mayConfigure whether it may change its network
   * @param echoS when it first echoed a client's keep-alive, since the push began, or {@link
   *     #NEVER}
   * @param echoes whether it did so after the push, too
   */
  record Seen(String name, Fault fault, boolean mayConfigure, double echoS, boolean echoes) {
    boolean healthy() {
      return fault == Fault.NONE;
    }
  }

  /**
   * A download that was under way while the release of its node changed.
   *
   * @param by the node
   * @param whole whether it came to its end as it should
   * @param unreadBytes what was left of the one that had least left, when all changes were over
   * @param failure what happened to one that did not, else null
   */
  record Held(String by, boolean whole, int unreadBytes, @Nullable String failure) {}

  /**
   * A download.
   *
   * @param by the node that it should go by, or nothing for the direct way
   * @param expected the address that the server should see
   * @param seen the address that it saw
   * @param whole whether the file came as it is
   */
  record Fetched(String by, String expected, String seen, boolean whole) {
    boolean good() {
      return whole && seen.equals(expected);
    }

    boolean direct() {
      return by.isEmpty();
    }
  }
}
