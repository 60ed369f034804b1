// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import static oasis.tcp.Connection.GRANT;

import oasis.packet.Burst;
import oasis.packet.Tcp;

/**
 * Answers a request in the server's place, then closes. What the program still sends is taken and
 * forgotten, since a reset could destroy the answer before the program has read it (RFC 9112
 * section 9.6).
 */
final class Answering {
  private static final long CLOSE_NS = 10_000_000_000L;

  private final Connections connections;
  private final Segments segments;
  private final Delivery delivery;
  private final Events events;

  Answering(Connections connections, Segments segments, Delivery delivery, Events events) {
    this.connections = connections;
    this.segments = segments;
    this.delivery = delivery;
    this.events = events;
  }

  /** Answers with an error. */
  void fail(Connection c, Failure why, long nowNs) {
    events.answered(why);
    begin(c, Answers.failure(why, c.bodyless), nowNs);
  }

  /** Closes without a word: the program has not asked anything. */
  void close(Connection c, long nowNs) {
    begin(c, new byte[0], nowNs);
  }

  private void begin(Connection c, byte[] answer, long nowNs) {
    c.stage = Connection.Stage.ANSWERING;
    c.relayed = false;
    int freed = c.head.length + c.toServer.release();
    c.head = new byte[0];
    connections.held(c, c.toProgram.append(answer, 0, answer.length) - freed);
    c.toProgram.finish();
    c.toProgram.begin(c.ourIsn + 1, c.programMaxSegment, c.programWindow, 0);
    c.ackToProgram = c.programNext;
    c.windowToProgram = c.fieldToProgram(GRANT);
    c.programEdge = c.programNext + GRANT;
    c.deadlineNs = nowNs + CLOSE_NS;
    delivery.toProgram(c, nowNs);
    delivery.arm(c, nowNs);
  }

  /** A segment of the program while it is being answered. */
  void onProgram(Connection c, Burst b, int flags, long nowNs) {
    int tcp = b.transport();
    int seq = Tcp.seq(b.buffer(), tcp);
    int window = c.programWindow(Tcp.window(b.buffer(), tcp));
    int fin = flags & Tcp.FIN;
    int length = b.payloadBytes() + fin;
    if ((flags & Tcp.ACK) != 0) {
      c.toProgram.onAck(Tcp.ack(b.buffer(), tcp), window, length == 0, nowNs);
    }
    int fresh = seq + length - c.programNext;
    if (length > 0 && seq - c.programNext <= 0 && fresh > 0 && fresh <= GRANT) {
      c.programNext += fresh;
      c.programFin |= fin != 0;
      c.programEdge = c.programNext + GRANT;
    }
    c.ackToProgram = c.programNext;
    if (c.toProgram.done() && c.programFin) {
      c.stage = Connection.Stage.OVER;
    }
    int before = c.toProgram.next();
    delivery.toProgram(c, nowNs);
    if ((length > 0 || seq != c.programNext) && c.toProgram.next() == before) {
      acknowledge(c);
    }
    delivery.arm(c, nowNs);
  }

  /** Tells the program what has been taken. */
  void acknowledge(Connection c) {
    int next = c.toProgram.next();
    segments.send(false, c.toProgramKey, next, c.programNext, Tcp.ACK, c.fieldToProgram(GRANT));
  }

  /** The program has had its time to read the answer and to close. */
  void onTimer(Connection c, long nowNs) {
    if (c.deadlineNs - nowNs <= 0 || c.toProgram.failed()) {
      segments.send(false, c.toProgramKey, c.toProgram.next(), c.programNext, Tcp.RST | Tcp.ACK, 0);
      connections.remove(c);
      return;
    }
    c.toProgram.onTimer(nowNs);
    delivery.toProgram(c, nowNs);
    delivery.arm(c, nowNs);
  }
}
