// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.nio.ByteBuffer;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.Ip;
import oasis.packet.Replies;
import oasis.packet.Replies.Unreachable;

/**
 * Says why a packet goes nowhere, so that programs fail at once instead of waiting: to clients
 * "communication administratively prohibited" for closed destinations and for limits (RFC 5508
 * REQ-8), "no route" for a family that this node has no address of, "time exceeded", a reset for a
 * TCP segment of no known connection (as after a restart of this node); and to either end the MTU
 * that its packet exceeds. Limited in rate. Confined to the data loop.
 */
final class Refusals {
  private final Address from4;
  private final Address from6;
  private final int mtu;
  private final ReplyLimit limit;
  private final Totals totals;
  private final ByteBuffer memory;
  private final long address;
  private final ExitEffects out;
  private final Burst reply = new Burst();

  /**
   * @param address native address of index 0 of {@code memory}, or 0
   */
  Refusals(EngineConfig config, Totals totals, ByteBuffer memory, long address, ExitEffects out) {
    from4 = ExitEngine.ownAddress(config.pool());
    from6 = ExitEngine.ownAddress(config.pool6());
    mtu = config.mtu();
    limit = new ReplyLimit(config.limits().repliesPerSecond());
    this.totals = totals;
    this.memory = memory;
    this.address = address;
    this.out = out;
  }

  /** Answers a packet, still as the client sent it, that was dropped for this reason. */
  void refuse(Burst about, DropReason why, Sender sender, long nowNs) {
    Address from = from(about);
    int bytes =
        switch (why) {
          case NO_FLOW -> about.protocol() == Ip.TCP ? Replies.tcpReset(about, memory, 0) : 0;
          case FORBIDDEN_DESTINATION,
              FORBIDDEN_SOURCE,
              FORBIDDEN_SERVICE,
              FLOW_LIMIT,
              CLIENT_FLOW_LIMIT,
              FLOW_RATE,
              CLIENT_FLOW_RATE,
              HANDSHAKE_LIMIT,
              CLIENT_HANDSHAKE_LIMIT,
              NAT_FULL,
              DRAINING ->
              unreachable(about, Unreachable.PROHIBITED);
          case NO_CARRIER -> unreachable(about, Unreachable.NETWORK);
          case EXPIRED -> Replies.timeExceeded(about, from.hi(), from.lo(), memory, 0);
          default -> 0;
        };
    toClient(bytes, sender, nowNs);
  }

  private int unreachable(Burst about, Unreachable why) {
    Address from = from(about);
    return Replies.unreachable(about, why, from.hi(), from.lo(), memory, 0);
  }

  /** Answers a packet, as the client sent it, that the path to its destination does not take. */
  void tooBigForPath(Burst about, int pathMtu, Sender sender, long nowNs) {
    Address from = from(about);
    int bytes = Replies.tooBig(about, pathMtu, from.hi(), from.lo(), memory, 0);
    toClient(bytes, sender, nowNs);
  }

  /** Answers a packet, as it came for the node's own address, that the tunnel does not take. */
  void tooBigForTunnel(Burst about, long nowNs) {
    long hi = Ip.dstHi(about.buffer(), about.start());
    long lo = Ip.dstLo(about.buffer(), about.start());
    if (isReply(Replies.tooBig(about, mtu, hi, lo, memory, 0), nowNs)) {
      out.replyToUnderlay(reply);
    }
  }

  private Address from(Burst about) {
    return about.version() == 4 ? from4 : from6;
  }

  private void toClient(int bytes, Sender sender, long nowNs) {
    if (isReply(bytes, nowNs)) {
      out.replyToClient(reply, sender.keyId(), sender.hi(), sender.lo(), sender.port());
    }
  }

  /** Makes the answer that was written, if any may be sent now, the {@link #reply}. */
  private boolean isReply(int bytes, long nowNs) {
    if (bytes == 0) {
      return false;
    }
    if (!limit.take(nowNs)) {
      totals.drop(DropReason.RATE_LIMITED, 1);
      return false;
    }
    totals.replies++;
    return reply.check(memory, address, 0, bytes) == null;
  }
}
