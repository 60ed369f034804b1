// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import oasis.flow.StateException;
import oasis.flow.StateReader;
import oasis.flow.StateWriter;
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

  /** Writes all counters. */
  void write(StateWriter out) {
    out.section("totals");
    out.putNames(DropReason.values());
    for (long each :
        new long[] {flowsBegun, outPkts, outBytes, inPkts, inBytes, keepAlives, replies}) {
      out.putLong(each);
    }
    Snapshots.write(drops, 0, out);
  }

  /** Goes on from there. */
  void restore(StateReader in) throws StateException {
    in.section("totals");
    int[] reasons = in.takeNames(DropReason.values());
    flowsBegun = in.takeCount("flows");
    outPkts = in.takeCount("packets");
    outBytes = in.takeCount("bytes");
    inPkts = in.takeCount("packets");
    inBytes = in.takeCount("bytes");
    keepAlives = in.takeCount("keep-alives");
    replies = in.takeCount("replies");
    Snapshots.restore(drops, 0, in, reasons);
  }
}
