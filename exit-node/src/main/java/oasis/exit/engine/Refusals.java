// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.nio.ByteBuffer;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Replies;

/**
 * Tells a client why its packet goes nowhere, so that programs fail at once instead of waiting:
 * "communication administratively prohibited" for closed destinations and for limits (RFC 5508
 * REQ-8), a reset for a TCP segment of no known connection (as after a restart of this node).
 * Limited in rate. Confined to the data loop.
 */
final class Refusals {
  private final long fromLo;
  private final ReplyLimit limit;
  private final Totals totals;
  private final ByteBuffer memory;
  private final long address;
  private final Burst reply = new Burst();

  /**
   * @param fromLo low half of the address that the answers come from
   * @param address native address of index 0 of {@code memory}, or 0
   */
  Refusals(long fromLo, ReplyLimit limit, Totals totals, ByteBuffer memory, long address) {
    this.fromLo = fromLo;
    this.limit = limit;
    this.totals = totals;
    this.memory = memory;
    this.address = address;
  }

  /** Answers a packet, still as the client sent it, that was dropped for this reason. */
  void refuse(Burst about, DropReason why, FlowKey endpoint, long nowNs, ExitEffects out) {
    boolean answered =
        switch (why) {
          case FORBIDDEN_DESTINATION, FLOW_LIMIT, NAT_FULL, NO_FLOW -> true;
          default -> false;
        };
    if (!answered) {
      return;
    }
    int bytes =
        why == DropReason.NO_FLOW && about.protocol() == Ip.TCP
            ? Replies.tcpReset(about, memory, 0)
            : Replies.unreachable(about, Replies.Unreachable.PROHIBITED, 0, fromLo, memory, 0);
    if (bytes == 0) {
      return;
    }
    if (!limit.take(nowNs)) {
      totals.drop(DropReason.RATE_LIMITED, 1);
      return;
    }
    if (reply.check(memory, address, 0, bytes) == null) {
      totals.replies++;
      out.replyToClient(reply, endpoint.srcHi, endpoint.srcLo, endpoint.sport());
    }
  }
}
