// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import oasis.packet.FlowKey;
import oasis.packet.Tcp;

/** Sends what the port owes to either end, and sets the connection's alarm. */
final class Delivery {
  private static final long LINGER_NS = 30_000_000_000L;

  private final Connections connections;
  private final Segments segments;
  private final Events events;
  private final long idleNs;

  Delivery(Connections connections, Segments segments, Events events, long idleNs) {
    this.connections = connections;
    this.segments = segments;
    this.events = events;
    this.idleNs = idleNs;
  }

  /** Sends what the program may be sent now. */
  void toProgram(Connection c, long nowNs) {
    pump(c, c.toProgram, false, c.toProgramKey, nowNs);
  }

  /** Sends what the server may be sent now. */
  void toServer(Connection c, long nowNs) {
    pump(c, c.toServer, true, c.server, nowNs);
  }

  private void pump(Connection c, OwnStream s, boolean toServer, FlowKey key, long nowNs) {
    int ack = toServer ? c.ackToServer : c.ackToProgram;
    int window = toServer ? c.windowToServer : c.windowToProgram;
    for (int n = s.nextBytes(); n >= 0; n = s.nextBytes()) {
      int flags = Tcp.ACK | (s.ends(n) ? Tcp.FIN : 0) | (s.isLast(n) ? Tcp.PSH : 0);
      if (s.repeats()) {
        events.count(PortEvent.RETRANSMITTED);
      }
      segments.send(toServer, key, s.next(), ack, flags, window, s.data(), s.nextAt(), n);
      s.onSent(n, nowNs);
    }
    s.awaitWindow(nowNs);
    if (s.done()) {
      connections.held(c, -s.release());
    }
  }

  /** Acknowledges to the program what has been acknowledged before. */
  void ackProgram(Connection c) {
    segments.send(false, c.toProgramKey, c.programSeen, c.ackToProgram, Tcp.ACK, c.windowToProgram);
  }

  /** The same for the server. */
  void ackServer(Connection c) {
    int seq = c.emptyToServer(c.serverSeen);
    segments.send(true, c.server, seq, c.ackToServer, Tcp.ACK, c.windowToServer);
  }

  /** Sets the alarm to the earliest of what may be due. */
  void arm(Connection c, long nowNs) {
    long due =
        switch (c.stage) {
          case RELAY -> c.seenNs + idleNs;
          case OVER -> c.seenNs + LINGER_NS;
          default -> c.deadlineNs;
        };
    // Compared as differences: the clock may wrap around.
    if (c.toServer.dueNs() != OwnStream.NEVER && c.stage == Connection.Stage.RELAY) {
      due = c.toServer.dueNs() - due < 0 ? c.toServer.dueNs() : due;
    }
    if (c.toProgram.dueNs() != OwnStream.NEVER && c.stage != Connection.Stage.OVER) {
      due = c.toProgram.dueNs() - due < 0 ? c.toProgram.dueNs() : due;
    }
    connections.schedule(c, due);
  }

  /** Whether a connection has been silent for too long. */
  boolean silent(Connection c, long nowNs) {
    long patience = c.over() ? LINGER_NS : idleNs;
    return nowNs - c.seenNs >= patience;
  }
}
