// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.util.Map;
import java.util.TreeMap;
import oasis.packet.DropReason;

/** Packets that the engine dropped, by reason. Confined to the data loop. */
final class Drops {
  private static final DropReason[] REASONS = DropReason.values();

  private final long[] pkts = new long[REASONS.length];

  /** Counts packets. */
  void count(DropReason why, int dropped) {
    pkts[why.ordinal()] += dropped;
  }

  /** The counts by the name of the reason; reasons that never struck are left out. */
  Map<String, Long> byName() {
    Map<String, Long> names = new TreeMap<>();
    for (DropReason why : REASONS) {
      if (pkts[why.ordinal()] > 0) {
        names.put(why.name(), pkts[why.ordinal()]);
      }
    }
    return names;
  }
}
