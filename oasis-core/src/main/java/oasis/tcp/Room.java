// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import oasis.packet.Tcp;

/**
 * Makes room when the port is full, so that nobody who holds much for long keeps others out. Who
 * holds little always finds memory; a connection that a server has answered keeps its place.
 */
final class Room {
  private final Connections connections;
  private final Segments segments;
  private final Answering answering;
  private final Events events;
  private final int maxHeldBytes;

  Room(
      Connections connections,
      Segments segments,
      Answering answering,
      Events events,
      int maxHeldBytes) {
    this.connections = connections;
    this.segments = segments;
    this.answering = answering;
    this.events = events;
    this.maxHeldBytes = maxHeldBytes;
  }

  /**
   * Makes room for more memory.
   *
   * @param holds bytes that its connection will hold
   * @param more bytes that it takes at most until then
   * @return false when nobody holds much more than it, so that it has to wait
   */
  boolean forBytes(int holds, long more, long nowNs) {
    while (connections.heldBytes() + more > maxHeldBytes) {
      Connection other = connections.waiting().holdsMoreThan(holds);
      if (other == null) {
        return false;
      }
      events.count(PortEvent.GAVE_WAY);
      giveUp(other, Failure.CROWDED, nowNs);
    }
    return true;
  }

  /** Makes room for one more connection. Returns whether that could be done. */
  boolean forConnection() {
    Connection other = connections.victim();
    if (other == null) {
      other = connections.waiting().waitsLongest();
      if (other == null) {
        return false;
      }
      segments.send(
          false, other.toProgramKey, nextToProgram(other), other.programNext, Tcp.RST | Tcp.ACK, 0);
    }
    events.count(PortEvent.EVICTED);
    connections.remove(other);
    return true;
  }

  private static int nextToProgram(Connection c) {
    return c.stage == Connection.Stage.ANSWERING ? c.toProgram.next() : c.ourIsn + 1;
  }

  /**
   * Ends a connection that has a head to give up or a server that does not take it: with an answer
   * if the program has got none, else by resets.
   */
  void giveUp(Connection c, Failure why, long nowNs) {
    if (c.over()) {
      connections.remove(c);
      return;
    }
    if (c.relayed) {
      int next = c.emptyToServer(c.serverSeen);
      segments.send(true, c.server, next, c.ackToServer, Tcp.RST | Tcp.ACK, 0);
      if (c.answered || c.connect) {
        segments.send(false, c.toProgramKey, c.programSeen, c.ackToProgram, Tcp.RST | Tcp.ACK, 0);
        connections.remove(c);
        return;
      }
      c.programNext = c.ackToProgram;
    }
    answering.fail(c, why, nowNs);
  }
}
