// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Replies;
import oasis.packet.Replies.Unreachable;

/**
 * Answers to packets that cannot be carried, so that programs fail at once instead of waiting: a
 * reset for TCP, "unreachable" for the rest. At most so many a second; past that packets are only
 * dropped and counted. Confined to the data loop.
 */
final class Refusals {
  private static final long SECOND_NS = 1_000_000_000L;

  private final Scratch scratch;
  private final Effects effects;
  private final Drops drops;
  private final int perSecond;
  private final Burst reply = new Burst();
  private final FlowKey inbound = new FlowKey();
  private long windowNs = Long.MIN_VALUE;
  private int written;

  Refusals(Scratch scratch, int perSecond, Drops drops, Effects effects) {
    this.scratch = scratch;
    this.drops = drops;
    this.perSecond = perSecond;
    this.effects = effects;
  }

  /** Drops a burst without an answer. */
  void drop(DropReason why, Burst about) {
    drops.count(why, about.segments());
  }

  /** Drops one packet of a burst without an answer. */
  void dropOne(DropReason why) {
    drops.count(why, 1);
  }

  /**
   * Refuses a burst of a program: its connection is reset or its destination unreachable.
   *
   * @param about as the program sent it
   */
  void refuse(DropReason why, Burst about, long nowNs) {
    drop(why, about);
    if (limited(nowNs)) {
      return;
    }
    if (about.protocol() == Ip.TCP) {
      send(Replies.tcpReset(about, scratch.buffer(), 0));
    } else {
      send(
          Replies.unreachable(
              about, Unreachable.HOST, dstHi(about), dstLo(about), scratch.buffer(), 0));
    }
  }

  /**
   * Refuses a burst of a program and tells its kernel the MTU that a packet exceeds.
   *
   * @param about as the program sent it
   */
  void tooBig(Burst about, int mtu, long nowNs) {
    drop(DropReason.TOO_BIG, about);
    if (!limited(nowNs)) {
      send(Replies.tooBig(about, mtu, dstHi(about), dstLo(about), scratch.buffer(), 0));
    }
  }

  /**
   * Resets the program's end of a TCP connection. Not rate-limited: at most one for each flow.
   *
   * @param outbound the connection's key as its program sends
   * @param lastAck acknowledgment number that the program sent last
   */
  void resetProgram(FlowKey outbound, int lastAck) {
    inbound.srcHi = outbound.srcHi;
    inbound.srcLo = outbound.srcLo;
    inbound.dstHi = outbound.dstHi;
    inbound.dstLo = outbound.dstLo;
    inbound.ports = outbound.ports;
    send(Replies.tcpReset(inbound.reverse(), lastAck, 0, scratch.buffer(), 0));
  }

  private void send(int bytes) {
    if (bytes > 0 && reply.check(scratch.buffer(), scratch.address(), 0, bytes) == null) {
      effects.toTun(reply);
    }
  }

  private boolean limited(long nowNs) {
    if (windowNs == Long.MIN_VALUE || nowNs - windowNs >= SECOND_NS) {
      windowNs = nowNs;
      written = 0;
    }
    return written++ >= perSecond;
  }

  // The refusal comes from the destination itself: an address that the program's kernel accepts
  // on the TUN device, and that tells a user which destination it is about.

  private static long dstHi(Burst b) {
    return Ip.dstHi(b.buffer(), b.start());
  }

  private static long dstLo(Burst b) {
    return Ip.dstLo(b.buffer(), b.start());
  }
}
