// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.push;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One call of {@code slice-push.sh}, and what it said.
 *
 * @param status its exit status
 * @param seconds how long it took
 * @param wireBytes what this host sent meanwhile, by its network device
 * @param nodes its results
 */
record Pushed(int status, double seconds, long wireBytes, List<Entry> nodes) {
  Pushed {
    nodes = List.copyOf(nodes);
  }

  /**
   * What it said of a node; numbers that it has not said are null.
   *
   * @param result {@code running}, {@code unchanged}, {@code stopped}, {@code FAILED}
   * @param good whether the node is as it was asked for
   * @param mode kernel, raw or slice
   * @param release identity of what was pushed
   * @param pid process on the node
   * @param copiedFiles sent to it
   * @param copiedBytes sent to it by rsync
   * @param ms how long it took
   * @param phases how long each phase took, in ms
   * @param text round trip, or why it failed
   */
  record Entry(
      String node,
      String result,
      boolean good,
      String mode,
      String release,
      @Nullable Long pid,
      @Nullable Long copiedFiles,
      @Nullable Long copiedBytes,
      @Nullable Long ms,
      Map<String, Long> phases,
      String text) {
    /** Bytes that were sent to it, 0 when none are known. */
    long bytes() {
      return Objects.requireNonNullElse(copiedBytes, 0L);
    }

    /** Files that were sent to it, 0 when none are known. */
    long files() {
      return Objects.requireNonNullElse(copiedFiles, 0L);
    }
  }

  /** The result of a node; of one that it did not mention, a failed one. */
  Entry of(String node) {
    return nodes.stream()
        .filter(entry -> entry.node().equals(node))
        .findFirst()
        .orElseGet(
            () ->
                new Entry(
                    node, "FAILED", false, "", "", null, null, null, null, Map.of(), "not named"));
  }

  /** Whether its exit status says what its table says, and what was expected. */
  boolean honest(boolean allGood) {
    boolean said = nodes.stream().allMatch(Entry::good);
    return said == allGood && status == (allGood ? 0 : 1);
  }
}
