// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;

/** The counters of a port. Confined to the engine's thread. */
final class Events {
  private final long[] counts = new long[PortEvent.values().length];
  private final long[] failures = new long[Failure.values().length];

  void count(PortEvent event) {
    counts[event.ordinal()]++;
  }

  void answered(Failure why) {
    count(PortEvent.ANSWERED);
    failures[why.ordinal()]++;
  }

  Map<PortEvent, Long> all() {
    Map<PortEvent, Long> all = new EnumMap<>(PortEvent.class);
    for (PortEvent event : PortEvent.values()) {
      all.put(event, counts[event.ordinal()]);
    }
    return all;
  }

  /** Answers of ours by HTTP status. */
  Map<Integer, Long> byStatus() {
    Map<Integer, Long> all = new TreeMap<>();
    for (Failure why : Failure.values()) {
      if (failures[why.ordinal()] > 0) {
        all.merge(why.status(), failures[why.ordinal()], Long::sum);
      }
    }
    return all;
  }
}
