// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static oasis.tcp.Connection.GRANT;

import java.nio.ByteBuffer;
import java.util.Arrays;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Tcp;
import oasis.packet.TcpEdit;
import oasis.packet.TcpFrame;

/**
 * The program's side of a connection until the server answers: the forged handshake, the head of
 * the request, and what of the body comes meanwhile. Only bytes in order are taken; others come
 * again, as the program has not been told that they arrived.
 */
final class Opening {
  private static final long SECOND_NS = 1_000_000_000L;
  private static final int SYN_TRIES = 4;
  private static final int FIRST_HEAD_BYTES = 1024;

  /** A smaller rest of the window is none to a program that scales it. */
  private static final int WINDOW_STEP = 1 << Connection.OUR_SCALE;

  private final PortConfig config;
  private final Connections connections;
  private final Segments segments;
  private final Answering answering;
  private final Room room;
  private final Events events;
  private final PortEffects effects;
  private byte[] copy = new byte[0];

  Opening(
      PortConfig config,
      Connections connections,
      Segments segments,
      Answering answering,
      Room room,
      Events events,
      PortEffects effects) {
    this.config = config;
    this.connections = connections;
    this.segments = segments;
    this.answering = answering;
    this.room = room;
    this.events = events;
    this.effects = effects;
  }

  /** A program begins a connection. */
  void accept(Burst syn, FlowKey key, long nowNs) {
    Connection c = connections.add(key);
    if (c == null) {
      c = room.forConnection() ? connections.add(key) : null;
    }
    if (c == null) {
      events.count(PortEvent.FULL);
      return; // the program asks again
    }
    events.count(PortEvent.ACCEPTED);
    ByteBuffer m = syn.buffer();
    c.openedNs = nowNs;
    c.seenNs = nowNs;
    c.programScale = TcpEdit.scale(syn);
    int announced = TcpEdit.maxSegment(syn);
    c.programMaxSegment = announced > 0 ? announced : syn.version() == 4 ? 536 : 1220;
    c.programSack = TcpEdit.sackPermitted(syn);
    c.programNext = Tcp.seq(m, syn.transport()) + 1;
    c.programEdge = c.programNext + GRANT;
    c.programWindow = Tcp.window(m, syn.transport());
    synAck(c, nowNs);
  }

  private void synAck(Connection c, long nowNs) {
    c.tries++;
    segments.sendSyn(
        false,
        c.toProgramKey,
        c.ourIsn,
        c.programNext,
        GRANT,
        config.maxSegment(),
        c.programScale < 0 ? Connection.NO_SCALE : Connection.OUR_SCALE,
        c.programSack);
    c.deadlineNs = nowNs + (SECOND_NS << c.tries - 1);
    connections.schedule(c, c.deadlineNs);
  }

  /** A segment of a program whose handshake is not finished. */
  void onOpening(Connection c, Burst b, int flags, long nowNs) {
    int tcp = b.transport();
    if ((flags & Tcp.SYN) != 0) {
      if (Tcp.seq(b.buffer(), tcp) + 1 == c.programNext && (flags & Tcp.ACK) == 0) {
        segments.sendSyn(
            false,
            c.toProgramKey,
            c.ourIsn,
            c.programNext,
            GRANT,
            config.maxSegment(),
            c.programScale < 0 ? Connection.NO_SCALE : Connection.OUR_SCALE,
            c.programSack);
      }
      return;
    }
    if ((flags & Tcp.ACK) == 0 || Tcp.ack(b.buffer(), tcp) != c.ourIsn + 1) {
      events.count(PortEvent.OUT_OF_WINDOW);
      segments.reset(false, b);
      return;
    }
    c.stage = Connection.Stage.HEAD;
    connections.held(c, 0);
    c.deadlineNs = nowNs + config.headTimeoutNs();
    connections.schedule(c, c.deadlineNs);
    onEarly(c, b, flags, nowNs);
  }

  /** A segment of a program whose server has not answered yet. */
  void onEarly(Connection c, Burst b, int flags, long nowNs) {
    int tcp = b.transport();
    int seq = Tcp.seq(b.buffer(), tcp);
    c.programWindow = c.programWindow(Tcp.window(b.buffer(), tcp));
    int bytes = b.payloadBytes();
    int known = c.programNext - seq;
    int room = c.programEdge - c.programNext;
    if (known < 0 || known > bytes) {
      if (bytes > 0) {
        events.count(PortEvent.OUT_OF_WINDOW);
      }
      acknowledge(c); // so is a keep-alive, or a probe of a shut window (RFC 9293 section 3.10.7.4)
      return;
    }
    int fresh = Math.min(bytes - known, room);
    if (fresh > 0 && !take(c, b, known, fresh, nowNs)) {
      return;
    }
    boolean inOrderFin = (flags & Tcp.FIN) != 0 && seq + bytes == c.programNext;
    if (inOrderFin && c.stage == Connection.Stage.HEAD) {
      endOfInput(c, nowNs);
    } else if (bytes > 0 && c.stage != Connection.Stage.ANSWERING) {
      // A FIN is not acknowledged before it can be passed on; the program repeats it.
      acknowledge(c);
    }
  }

  /** The program has closed although its request has no end. */
  private void endOfInput(Connection c, long nowNs) {
    c.programNext++;
    c.programFin = true;
    if (c.headBytes == 0) {
      answering.close(c, nowNs);
    } else {
      answering.fail(c, Failure.BAD_REQUEST, nowNs);
    }
  }

  private boolean take(Connection c, Burst b, int from, int bytes, long nowNs) {
    if (!room.forBytes(c.heldBytes() + bytes, 2L * bytes + FIRST_HEAD_BYTES, nowNs)) {
      events.count(PortEvent.HELD_FULL);
      return false;
    }
    byte[] fresh = copied(b, from, bytes);
    if (c.stage != Connection.Stage.HEAD) {
      connections.held(c, c.toServer.append(fresh, 0, bytes));
      c.programNext += bytes;
      return true;
    }
    if (c.headBytes + bytes > c.head.length) {
      int before = c.head.length;
      int want = Math.max(c.headBytes + bytes, Math.min(2 * before, GRANT));
      c.head = Arrays.copyOf(c.head, Math.max(want, FIRST_HEAD_BYTES));
      connections.held(c, c.head.length - before);
    }
    System.arraycopy(fresh, 0, c.head, c.headBytes, bytes);
    int looked = c.headBytes;
    c.headBytes += bytes;
    c.programNext += bytes;
    looked = Math.max(0, looked - dropEmptyLines(c));
    int end = RequestHead.end(c.head, looked, c.headBytes);
    if (end == RequestHead.MALFORMED) {
      answering.fail(c, Failure.BAD_REQUEST, nowNs);
    } else if (end != RequestHead.INCOMPLETE) {
      onHead(c, end, nowNs);
    } else if (c.programEdge - c.programNext < WINDOW_STEP) {
      answering.fail(c, Failure.TOO_LARGE, nowNs);
    }
    return true;
  }

  /** Empty lines before a request are no part of it (RFC 9112 section 2.2); gives their bytes. */
  private static int dropEmptyLines(Connection c) {
    int empty = 0;
    while (empty + 2 <= c.headBytes && c.head[empty] == '\r' && c.head[empty + 1] == '\n') {
      empty += 2;
    }
    c.headBytes -= empty;
    System.arraycopy(c.head, empty, c.head, 0, c.headBytes);
    return empty;
  }

  private byte[] copied(Burst b, int from, int bytes) {
    if (copy.length < bytes) {
      copy = new byte[Math.max(bytes, 1 << 16)];
    }
    ByteBuffer to = ByteBuffer.wrap(copy);
    TcpFrame.copyPayload(b, from, bytes, to, 0);
    return copy;
  }

  private void onHead(Connection c, int end, long nowNs) {
    RequestHead head = RequestHead.parse(c.head, end);
    if (head == null) {
      answering.fail(c, Failure.BAD_REQUEST, nowNs);
      return;
    }
    events.count(PortEvent.REQUESTS);
    if (head.last()) {
      answering.fail(c, Failure.LAST_HOP, nowNs);
      return;
    }
    c.connect = head.connect();
    c.bodyless = head.method().equals("HEAD");
    c.host = head.host();
    c.port = head.port();
    byte[] raw = c.head;
    int early = c.headBytes - end;
    byte[] forward = head.forward().getBytes(ISO_8859_1);
    int grown = c.toServer.append(forward, 0, forward.length);
    grown += c.toServer.append(raw, end, early);
    c.head = new byte[0];
    c.stage = Connection.Stage.RESOLVING;
    connections.held(c, grown - raw.length);
    c.deadlineNs = nowNs + config.dialTimeoutNs();
    connections.schedule(c, c.deadlineNs);
    effects.resolve(c.id, c.host, c.port);
  }

  /** Tells the program what has been taken. */
  void acknowledge(Connection c) {
    int window = c.fieldToProgram(c.programEdge - c.programNext);
    segments.send(false, c.toProgramKey, c.ourIsn + 1, c.programNext, Tcp.ACK, window);
  }

  /** What is due before the name is looked up. */
  void onTimer(Connection c, long nowNs) {
    if (c.deadlineNs - nowNs > 0) {
      connections.schedule(c, c.deadlineNs);
    } else if (c.stage == Connection.Stage.RESOLVING) {
      answering.fail(c, Failure.NAME_TIMEOUT, nowNs);
    } else if (c.stage == Connection.Stage.HEAD) {
      answering.fail(c, Failure.TOO_SLOW, nowNs);
    } else if (c.tries < SYN_TRIES) {
      synAck(c, nowNs);
    } else {
      events.count(PortEvent.HALF_OPEN_EXPIRED);
      connections.remove(c);
    }
  }
}
