// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.FlowKey;
import oasis.packet.Rewrite;
import oasis.packet.Tcp;
import oasis.packet.TcpEdit;

/**
 * Carries segments between program and server: two constants are added to their numbers, windows
 * are scaled anew, addresses replaced. What the port has acknowledged itself it keeps from coming
 * twice, and until the server has it, acknowledgments are held back. Nothing here allocates.
 */
final class Relay {
  /** Windows may shrink, and a closed one is tried with bytes behind it. */
  private static final int SLACK = 1 << 16;

  /** Further back than any window. */
  private static final int FARTHEST = 1 << 30;

  private final Connections connections;
  private final Segments segments;
  private final Answering answering;
  private final Room room;
  private final Delivery delivery;
  private final Events events;
  private final PortEffects effects;

  Relay(
      Connections connections,
      Segments segments,
      Answering answering,
      Room room,
      Delivery delivery,
      Events events,
      PortEffects effects) {
    this.connections = connections;
    this.segments = segments;
    this.answering = answering;
    this.room = room;
    this.delivery = delivery;
    this.events = events;
    this.effects = effects;
  }

  /** A segment or burst of the program. */
  void onProgram(Connection c, Burst b, int flags, long nowNs) {
    int tcp = b.transport();
    if ((flags & Tcp.SYN) != 0 || (flags & (Tcp.ACK | Tcp.RST)) == 0) {
      events.count(PortEvent.OUT_OF_WINDOW);
      delivery.ackProgram(c);
      return;
    }
    int seq = Tcp.seq(b.buffer(), tcp);
    int length = b.payloadBytes() + (flags & Tcp.FIN);
    boolean acks = (flags & Tcp.ACK) != 0;
    int ack = acks ? Tcp.ack(b.buffer(), tcp) : c.ackToServer + c.inShift;
    if (isOutside(seq + length, c.ackToProgram, c.edgeOfProgram)
        || isImpossible(ack, c.programSeen)) {
      events.count(PortEvent.OUT_OF_WINDOW);
      return;
    }
    boolean reset = (flags & Tcp.RST) != 0;
    if (reset && !mayEnd(seq, c.ackToProgram, c.serverSeen - c.outShift)) {
      events.count(PortEvent.OUT_OF_WINDOW);
      delivery.ackProgram(c);
      return;
    }
    c.seenNs = nowNs;
    int window = c.programWindow(Tcp.window(b.buffer(), tcp));
    if (!c.toProgram.done() && acks && !ownAckOfProgram(c, b, ack, window, length, nowNs)) {
      return;
    }
    if (seq - c.relayFrom < 0) {
      if (length > 0) {
        events.count(PortEvent.REPEATED);
        delivery.ackProgram(c);
        return;
      }
      // An old acknowledgment; the byte before is how a silent connection is tried.
      seq = seq + 1 == c.relayFrom ? seq : c.relayFrom;
    }
    int known = c.toProgram.acknowledged(ack);
    int field = acks ? c.fieldToServer(ack + window - known) : c.windowToServer;
    if (acks && known - c.inShift - c.ackToServer >= 0) {
      c.programWindow = window;
      c.ackToServer = known - c.inShift;
      c.windowToServer = field;
      c.edgeOfServer = later(c.edgeOfServer, ack + window - c.inShift);
      c.finInAcked |= c.finIn && known - c.finInEnd >= 0;
    }
    noteProgram(c, seq + c.outShift + length, flags);
    noteEnd(c, reset, false, length);
    int shifted = seq + c.outShift;
    TcpEdit.sequence(b, length == 0 ? c.emptyToServer(shifted) : shifted);
    TcpEdit.acknowledgment(b, known - c.inShift, field);
    if (c.serverSack && c.toProgram.done()) {
      TcpEdit.shiftSack(b, -c.inShift);
    } else {
      TcpEdit.eraseSack(b);
    }
    send(c, true, b, nowNs);
  }

  /** The program acknowledges what we owe it. Returns whether the segment is to be trusted. */
  private boolean ownAckOfProgram(
      Connection c, Burst b, int ack, int window, int length, long nowNs) {
    if (!Checksum.isGood(b)) {
      events.count(PortEvent.BROKEN);
      return false;
    }
    if (!c.toProgram.onAck(ack, window, length == 0, nowNs) && ack - c.toProgram.end() > 0) {
      c.toProgram.onAck(c.toProgram.end(), window, false, nowNs); // what came after it, too
    }
    delivery.toProgram(c, nowNs);
    delivery.arm(c, nowNs);
    return true;
  }

  /** Whether a segment ends where its sender never was allowed to send, or long before. */
  private static boolean isOutside(int end, int acked, int edge) {
    return end - edge > SLACK || end - acked < -FARTHEST;
  }

  /** Whether something is acknowledged that was never sent, or long ago. */
  private static boolean isImpossible(int ack, int sent) {
    return ack - sent > 0 || ack - sent < -FARTHEST;
  }

  /**
   * Whether a reset may be what its receiver expects next. The sender of another one is only asked
   * back (RFC 5961 section 3.2): if it meant it, the next one fits. It must not be passed on, since
   * whoever translates addresses on the way forgets the connection.
   */
  private static boolean mayEnd(int seq, int acked, int seen) {
    return seq - acked >= 0 && seq - seen <= 0;
  }

  private static int later(int one, int other) {
    return other - one > 0 ? other : one;
  }

  /** Follows the program's stream, as far as its segments tell. */
  private static void noteProgram(Connection c, int end, int flags) {
    c.serverSeen = later(c.serverSeen, end);
    if ((flags & Tcp.FIN) != 0 && end == c.serverSeen) {
      c.finOut = true;
      c.finOutEnd = end;
    }
  }

  /**
   * Both streams have ended, or a reset. Whoever sends bytes after a reset in his name is alive: it
   * was forged. What his peer had sent before it heard of the reset says nothing.
   */
  private static void noteEnd(Connection c, boolean reset, boolean ofServer, int length) {
    if (reset || c.finOutAcked && c.finInAcked) {
      c.stage = Connection.Stage.OVER;
      c.resetByServer |= reset && ofServer;
      c.resetByProgram |= reset && !ofServer;
    } else if (length > 0 && c.over() && !(ofServer ? c.resetByProgram : c.resetByServer)) {
      c.stage = Connection.Stage.RELAY;
      c.resetByServer = false;
      c.resetByProgram = false;
    }
  }

  /** A segment or burst of the server. */
  void onServer(Connection c, Burst b, int flags, long nowNs) {
    int tcp = b.transport();
    if ((flags & Tcp.SYN) != 0 || (flags & (Tcp.ACK | Tcp.RST)) == 0) {
      delivery.ackServer(c); // it has not seen the end of the handshake
      return;
    }
    int seq = Tcp.seq(b.buffer(), tcp);
    int length = b.payloadBytes() + (flags & Tcp.FIN);
    boolean acks = (flags & Tcp.ACK) != 0;
    if ((flags & Tcp.RST) != 0 && isUnanswered(c) && seq == c.serverFirst) {
      c.programNext = c.ackToProgram;
      answering.fail(c, Failure.BROKEN, nowNs);
      return;
    }
    int ack = acks ? Tcp.ack(b.buffer(), tcp) : c.ackToProgram + c.outShift;
    boolean reset = (flags & Tcp.RST) != 0; // its acknowledgment number need not mean anything
    if (isOutside(seq + length, c.ackToServer, c.edgeOfServer)
        || !reset && isImpossible(ack, c.serverSeen)) {
      events.count(PortEvent.OUT_OF_WINDOW);
      return;
    }
    if (reset && !mayEnd(seq, c.ackToServer, c.programSeen - c.inShift)) {
      events.count(PortEvent.OUT_OF_WINDOW);
      delivery.ackServer(c);
      return;
    }
    c.seenNs = nowNs;
    int window = c.serverWindow(Tcp.window(b.buffer(), tcp));
    if (!c.toServer.done() && !reset && !ownAckOfServer(c, b, ack, window, length, nowNs)) {
      return;
    }
    int known = c.toServer.acknowledged(ack);
    int field = c.fieldToProgram(ack + window - known);
    if (!reset && known - c.outShift - c.ackToProgram >= 0) {
      c.acknowledgedByServer(known - c.outShift);
      c.windowToProgram = field;
      c.edgeOfProgram = later(c.edgeOfProgram, ack + window - c.outShift);
      c.finOutAcked |= c.finOut && known - c.finOutEnd >= 0;
    }
    noteServer(c, seq + c.inShift + length, flags, length);
    noteEnd(c, reset, true, length);
    TcpEdit.sequence(b, seq + c.inShift);
    TcpEdit.acknowledgment(b, known - c.outShift, field);
    if (c.toServer.done()) {
      TcpEdit.shiftSack(b, -c.outShift);
    } else {
      TcpEdit.eraseSack(b);
    }
    send(c, false, b, nowNs);
  }

  /** Follows the server's stream, as far as its segments tell. */
  private static void noteServer(Connection c, int end, int flags, int length) {
    c.programSeen = later(c.programSeen, end);
    c.answered |= length > 0;
    if ((flags & Tcp.FIN) != 0 && end == c.programSeen) {
      c.finIn = true;
      c.finInEnd = end;
    }
  }

  /** The server acknowledges what we owe it. Returns whether the segment goes on to the program. */
  private boolean ownAckOfServer(
      Connection c, Burst b, int ack, int window, int length, long nowNs) {
    if (!Checksum.isGood(b)) {
      events.count(PortEvent.BROKEN);
      return false;
    }
    if (!c.toServer.onAck(ack, window, length == 0, nowNs) && ack - c.toServer.end() > 0) {
      c.toServer.onAck(c.toServer.end(), window, false, nowNs); // what the program sent, too
    }
    delivery.toServer(c, nowNs);
    delivery.arm(c, nowNs);
    return length > 0 || c.toServer.done();
  }

  private static boolean isUnanswered(Connection c) {
    return !c.connect && !c.answered && c.stage == Connection.Stage.RELAY;
  }

  private void send(Connection c, boolean toServer, Burst b, long nowNs) {
    FlowKey key = toServer ? c.server : c.toProgramKey;
    int version = Addresses.isV4(key.srcHi, key.srcLo) ? 4 : 6;
    int most = c.maxSegment - (b.headerBytes() - (b.transport() - b.start()) - Tcp.BYTES);
    int longest = b.segmentBytes() == 0 ? b.payloadBytes() : b.segmentBytes();
    boolean cut = toServer && longest > most;
    if ((version != b.version() || cut) && !Checksum.isGood(b)) {
      events.count(PortEvent.BROKEN);
      return;
    }
    if (cut) {
      TcpEdit.limitSegments(b, most);
    }
    if (version != b.version()) {
      segments.sendRebuilt(toServer, b, key);
    } else {
      Rewrite.source(b, key.srcHi, key.srcLo, key.sport());
      Rewrite.destination(b, key.dstHi, key.dstLo, key.dport());
      if (toServer) {
        effects.toServer(b);
      } else {
        effects.toProgram(b);
      }
    }
    if (c.over()) {
      delivery.arm(c, nowNs);
    }
  }

  /** The path to the server takes only shorter packets. */
  void limitSegments(Connection c, int most) {
    c.maxSegment = Math.max(64, Math.min(c.maxSegment, most));
    c.toServer.limitSegments(c.maxSegment);
  }

  /** Sends again what was not taken, and gives up what never is. */
  void onTimer(Connection c, long nowNs) {
    c.toServer.onTimer(nowNs);
    c.toProgram.onTimer(nowNs);
    if (c.toServer.failed() && isUnanswered(c)) {
      events.count(PortEvent.GAVE_UP);
      room.giveUp(c, Failure.SERVER_TIMEOUT, nowNs);
      return;
    }
    boolean failed = c.toServer.failed() || c.toProgram.failed();
    if (failed || delivery.silent(c, nowNs)) {
      if (failed) {
        events.count(PortEvent.GAVE_UP);
      }
      if (!c.over()) {
        int seq = c.emptyToServer(c.serverSeen);
        segments.send(true, c.server, seq, c.ackToServer, Tcp.RST | Tcp.ACK, 0);
        segments.send(false, c.toProgramKey, c.programSeen, c.ackToProgram, Tcp.RST | Tcp.ACK, 0);
      }
      connections.remove(c);
      return;
    }
    delivery.toServer(c, nowNs);
    delivery.toProgram(c, nowNs);
    delivery.arm(c, nowNs);
  }
}
