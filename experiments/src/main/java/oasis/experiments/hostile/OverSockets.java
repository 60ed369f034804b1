// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import java.util.List;
import java.util.Map;
import oasis.experiments.measure.Span;

/**
 * What one exit node did under hostile datagrams that came by sockets.
 *
 * @param subject which one
 * @param startedAt time of day, ISO 8601
 * @param span what happened on the machine meanwhile
 * @param kinds how many datagrams of each kind were sent
 * @param sent how many in all
 * @param seconds in which they were sent
 * @param arrived datagrams that the exit node took from its socket, without the friend's
 * @param allowed datagrams that might have been forwarded
 * @param explained packets that left and were found among them
 * @param toClients datagrams that went back to clients
 * @param forbidden packets that left and must not have
 * @param diverted answers to strangers who passed on a client's datagram, while originals were lost
 *     before the exit node took them
 * @param canaries packets that were sent past the exit node on purpose and found guilty, of {@code
 *     2 * Plan.CANARIES}, or half as many with the kernel backend
 * @param capturesComplete whether the kernel kept nothing back from the captures
 * @param offeredMbits the friend's rate as its program says
 * @param lostPercent of the friend's datagrams
 * @param friendPackets that the exit node has forwarded for it meanwhile
 * @param exceptions that the exit node's loop has caught
 * @param aliveAfter whether it still served a new connection of the friend
 * @param rssHalfMib its resident memory after half of the time
 * @param rssEndMib the same at the end
 * @param hwmMib the most so far
 * @param flows in its table at the end
 * @param drops packets that it dropped, by reason
 * @param violations the first of what was forbidden
 */
record OverSockets(
    Subject subject,
    String startedAt,
    Span span,
    Map<String, Long> kinds,
    long sent,
    double seconds,
    long arrived,
    long allowed,
    long explained,
    long toClients,
    long forbidden,
    long diverted,
    long canaries,
    boolean capturesComplete,
    double offeredMbits,
    double lostPercent,
    long friendPackets,
    long exceptions,
    boolean aliveAfter,
    double rssHalfMib,
    double rssEndMib,
    double hwmMib,
    long flows,
    Map<String, Long> drops,
    List<String> violations) {
  private static final double PERCENT = 100;

  /** Datagrams per second. */
  double perSecond() {
    return sent / seconds;
  }

  /** What is left of the friend's flow, in percent of what it should have been. */
  double keptPercent() {
    return offeredMbits * (PERCENT - lostPercent) / Plan.FRIEND_MBITS;
  }

  /** How many canaries had to be found. */
  long canariesSent() {
    return subject.kernel() ? Plan.CANARIES : 2L * Plan.CANARIES;
  }
}
