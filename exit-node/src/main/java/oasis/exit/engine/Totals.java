// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import oasis.packet.DropReason;

/** The engine's counters over all clients. Confined to the data loop. */
final class Totals {
  long flowsBegun;
  long outPkts;
  long outBytes;
  long inPkts;
  long inBytes;
  long keepAlives;
  long replies;

  private final long[] drops = new long[DropReason.values().length];

  @SuppressWarnings("EnumOrdinal") // An EnumMap would box every count.
  void drop(DropReason why, int pkts) {
    drops[why.ordinal()] += pkts;
  }

  ExitInfo info(int clients, int sources, int flows, int maxFlows) {
    return new ExitInfo(
        clients,
        sources,
        flows,
        maxFlows,
        flowsBegun,
        outPkts,
        outBytes,
        inPkts,
        inBytes,
        keepAlives,
        replies,
        Snapshots.drops(drops, 0));
  }
}
