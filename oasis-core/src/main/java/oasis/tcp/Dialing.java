// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import java.util.List;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.packet.TcpEdit;

/**
 * Opens the connection to the server with what the program has offered us: its segment size, its
 * window scale, selective acknowledgments, no time stamps. The addresses of a name are tried in
 * turn.
 */
final class Dialing {
  private static final long FIRST_TRY_NS = 1_000_000_000L;
  private static final int TRIES = 3;
  private static final int LAST_TRIES = 5;

  private final PortConfig config;
  private final Connections connections;
  private final Segments segments;
  private final Answering answering;
  private final Delivery delivery;
  private final Events events;

  Dialing(
      PortConfig config,
      Connections connections,
      Segments segments,
      Answering answering,
      Delivery delivery,
      Events events) {
    this.config = config;
    this.connections = connections;
    this.segments = segments;
    this.answering = answering;
    this.delivery = delivery;
    this.events = events;
  }

  /** The server's addresses are known. */
  void begin(Connection c, List<Address> addresses, long nowNs) {
    c.stage = Connection.Stage.DIALING;
    c.addresses = addresses;
    c.deadlineNs = nowNs + config.dialTimeoutNs();
    next(c, nowNs);
  }

  private void next(Connection c, long nowNs) {
    while (c.nextAddress < c.addresses.size()) {
      Address to = c.addresses.get(c.nextAddress++);
      Address from = to.isV4() ? config.inner4() : config.inner6();
      if (!isFar(to)) {
        c.lastFailure = Failure.PROHIBITED;
      } else if (from != null) {
        c.server.set(from.hi(), from.lo(), to.hi(), to.lo(), Ip.TCP, c.localPort, c.port);
        c.tries = 0;
        syn(c, nowNs);
        return;
      }
    }
    answering.fail(c, c.lastFailure, nowNs);
  }

  /** Whether an address may be one behind a carrier; to others nothing leads from here. */
  private static boolean isFar(Address to) {
    return !(Addresses.isLoopback(to.hi(), to.lo())
        || Addresses.isUnspecified(to.hi(), to.lo())
        || Addresses.isLinkLocal(to.hi(), to.lo())
        || Addresses.isMulticast(to.hi(), to.lo())
        || Addresses.isBroadcast(to.hi(), to.lo()));
  }

  private void syn(Connection c, long nowNs) {
    c.tries++;
    c.dialedNs = nowNs;
    long patienceNs = FIRST_TRY_NS << c.tries - 1;
    long retryNs = nowNs + patienceNs;
    connections.schedule(c, retryNs - c.deadlineNs > 0 ? c.deadlineNs : retryNs);
    segments.sendSyn(
        true,
        c.server,
        c.dialIsn,
        0,
        Math.min(c.programWindow, 0xffff),
        c.programMaxSegment,
        c.programScale,
        c.programSack);
  }

  /** The server has not answered in time. */
  void onTimer(Connection c, long nowNs) {
    boolean last = c.nextAddress == c.addresses.size();
    if (c.deadlineNs - nowNs <= 0) {
      answering.fail(c, Failure.SERVER_TIMEOUT, nowNs);
    } else if (c.tries < (last ? LAST_TRIES : TRIES)) {
      syn(c, nowNs);
    } else {
      failed(c, Failure.SERVER_TIMEOUT, nowNs);
    }
  }

  /** An address cannot be reached: the next one is tried. */
  void failed(Connection c, Failure why, long nowNs) {
    if (why != Failure.UNREACHABLE) {
      c.lastFailure = why; // of several addresses, the one that was reached says more
    }
    next(c, nowNs);
  }

  /** A segment of the server, which should be its SYN-ACK. */
  void onServer(Connection c, Burst b, int flags, long nowNs) {
    int tcp = b.transport();
    boolean ours = (flags & Tcp.ACK) != 0 && Tcp.ack(b.buffer(), tcp) == c.dialIsn + 1;
    if ((flags & Tcp.RST) != 0) {
      if (ours) {
        failed(c, Failure.REFUSED, nowNs);
      } else {
        events.count(PortEvent.OUT_OF_WINDOW);
      }
      return;
    }
    if (ours && (flags & Tcp.SYN) != 0) {
      established(c, b, nowNs);
      return;
    }
    // An old connection from the same port: a reset makes its server forget it (RFC 9293, 3.5.2).
    events.count(PortEvent.OUT_OF_WINDOW);
    if ((flags & Tcp.ACK) != 0 && !ours) {
      segments.reset(true, b);
    }
  }

  private void established(Connection c, Burst synAck, long nowNs) {
    events.count(PortEvent.RELAYED);
    int tcp = synAck.transport();
    c.stage = Connection.Stage.RELAY;
    c.relayed = true;
    c.seenNs = nowNs;
    c.serverFirst = Tcp.seq(synAck.buffer(), tcp) + 1;
    c.serverScale = c.programScale < 0 ? Connection.NO_SCALE : TcpEdit.scale(synAck);
    c.serverSack = c.programSack && TcpEdit.sackPermitted(synAck);
    int announced = TcpEdit.maxSegment(synAck);
    int least = synAck.version() == 4 ? 536 : 1220;
    c.maxSegment = Math.max(64, Math.min(config.maxSegment(), announced > 0 ? announced : least));
    int window = Tcp.window(synAck.buffer(), tcp); // of a SYN: not scaled
    long roundTripNs = c.tries == 1 ? Math.max(1, nowNs - c.dialedNs) : 0;
    connections.held(c, 0);
    c.toServer.begin(c.dialIsn + 1, c.maxSegment, window, roundTripNs);
    if (c.connect) {
      byte[] reply = Answers.connected();
      connections.held(c, c.toProgram.append(reply, 0, reply.length));
    }
    c.toProgram.begin(c.ourIsn + 1, c.programMaxSegment, c.programWindow, 0);
    c.relayFrom = c.programNext;
    c.outShift = c.toServer.end() - c.relayFrom;
    c.inShift = c.toProgram.end() - c.serverFirst;
    c.programSeen = c.toProgram.end();
    c.serverSeen = c.toServer.end();
    c.ackToServer = c.serverFirst;
    c.windowToServer = c.fieldToServer(c.programWindow);
    c.ackToProgram = c.relayFrom;
    c.edgeOfServer = c.serverFirst + Math.max(0xffff, c.programWindow);
    c.edgeOfProgram = c.programEdge;
    // What the server takes, less what it is still to get of us.
    c.windowToProgram = c.fieldToProgram(window - c.toServer.total());
    if (c.toServer.done()) {
      delivery.ackServer(c);
    } else {
      delivery.toServer(c, nowNs);
    }
    delivery.toProgram(c, nowNs);
    delivery.arm(c, nowNs);
  }
}
