// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.hub;

import java.util.ArrayList;
import java.util.List;

/**
 * What the hub has done so far.
 *
 * @param packets sent in time or late
 * @param latenessP50Ns half of the packets were sent at most this much after they were due
 * @param latenessP90Ns so were 90 of 100
 * @param latenessP99Ns so were 99 of 100
 * @param latenessMaxNs the latest packet
 * @param realTime whether the hub's thread runs ahead of ordinary ones
 * @param wires one entry per direction of each shaped link
 */
public record HubReport(
    long packets,
    long latenessP50Ns,
    long latenessP90Ns,
    long latenessP99Ns,
    long latenessMaxNs,
    boolean realTime,
    List<WireReport> wires) {
  public HubReport {
    wires = List.copyOf(wires);
  }

  /** The report of an emulation without shaped links. */
  public static final HubReport EMPTY = new HubReport(0, 0, 0, 0, 0, false, List.of());

  /**
   * Why the numbers must not be trusted; empty when they may be.
   *
   * @param budgetNs what the 99th percentile of lateness may be
   * @param before what had gone wrong by then does not count; {@link #EMPTY} for all of the run
   */
  public List<String> doubts(long budgetNs, HubReport before) {
    List<String> doubts = new ArrayList<>();
    if (latenessP99Ns > budgetNs) {
      doubts.add(
          "1 in 100 packets was sent "
              + latenessP99Ns / 1000
              + " us late or later; the budget is "
              + budgetNs / 1000
              + " us");
    }
    for (int i = 0; i < wires.size(); i++) {
      WireReport now = wires.get(i);
      WireReport was = before.wires.isEmpty() ? now.atStart() : before.wires.get(i);
      doubt(doubts, now, now.overruns() - was.overruns(), "were dropped before the hub read them");
      doubt(doubts, now, now.sendErrors() - was.sendErrors(), "were refused by the kernel");
      doubt(doubts, now, now.oversized() - was.oversized(), "were longer than the MTU and dropped");
      doubt(doubts, now, now.badStamps() - was.badStamps(), "had no credible receive stamp");
    }
    return doubts;
  }

  private static void doubt(List<String> doubts, WireReport wire, long packets, String what) {
    if (packets > 0) {
      doubts.add(
          "link " + wire.link() + " " + wire.direction() + ": " + packets + " packets " + what);
    }
  }
}
