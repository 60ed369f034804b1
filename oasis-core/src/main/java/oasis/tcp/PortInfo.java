// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import java.util.Map;

/**
 * A snapshot of a {@link WebPort}.
 *
 * @param connections connections at present
 * @param maxConnections most at a time
 * @param byStage connections by where they are on their way
 * @param heldBytes bytes of heads and early bodies held
 * @param events what has been counted
 * @param answers answers of ours by HTTP status
 */
public record PortInfo(
    int connections,
    int maxConnections,
    Map<String, Integer> byStage,
    long heldBytes,
    Map<PortEvent, Long> events,
    Map<Integer, Long> answers) {
  /** Keeps copies. */
  public PortInfo {
    byStage = Map.copyOf(byStage);
    events = Map.copyOf(events);
    answers = Map.copyOf(answers);
  }
}
