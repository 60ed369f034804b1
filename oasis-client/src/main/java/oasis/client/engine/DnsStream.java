// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Tcp;
import oasis.packet.TcpEdit;

/**
 * One DNS connection by TCP, of which the answers are written anew. What the program sends goes to
 * its server as it is, with the program's own sequence numbers. What the server sends ends here: it
 * is acknowledged to the server, and another stream, with numbers of its own, goes to the program
 * in its place (RFC 9293 section 3.8; without selective acknowledgments and time stamps, which the
 * handshake is not let through with). Confined to the data loop.
 *
 * <pre>
 *   program ──── queries, numbers of the program ───────────────▶ server
 *   program ◀─── toProgram: sent from una to next ◀ messages ◀─── server, received up to rcvNext
 * </pre>
 */
final class DnsStream {
  /** Where a stream's segments go. */
  interface Outlet {
    /** A segment without payload for the server of a flow. */
    void toServer(DnsStream stream, int flags, int seq, int ack, int window, long nowNs);

    /**
     * A segment for the program.
     *
     * @param at index of its payload in the memory of {@link DnsStream#toProgram}
     * @param payload bytes of it
     */
    void toProgram(DnsStream stream, int seq, int ack, int flags, int window, int at, int payload);
  }

  /** What becomes of a burst. */
  enum Verdict {
    /** It goes on, changed where it had to be. */
    FORWARD,
    /** It goes no further. */
    CONSUMED,
    /** This is no DNS, or not ours to change: the connection is one like any other. */
    PLAIN,
    /** Memory has run out, or nobody says anything any more: the connection has to end. */
    BROKEN
  }

  /** Bytes that the server may send ahead: a message of 65,535 bytes and the next one's first. */
  private static final int WINDOW = 70_000;

  /** With so many bytes that the program has not taken, the server has to wait. */
  private static final int MAX_UNREAD = 16_384;

  private static final int DEFAULT_MSS = 536;
  private static final long FIRST_RETRY_NS = 200_000_000L;
  private static final int MAX_RETRIES = 8;

  /** Times that the pause between two tries doubles. */
  private static final int MAX_BACKOFF = 5;

  /** Servers and programs are to close idle connections within seconds (RFC 7766 section 6.2.3). */
  private static final long IDLE_NS = 120_000_000_000L;

  private static final int QUERY_HEADER_BYTES = 14;

  final int flow;
  final FlowKey program;
  final ByteQueue toProgram;
  private final DnsMessages messages;
  private final Outlet outlet;
  private final int maxSegmentOfPath;

  private int firstSeq;
  private int maxSegment = DEFAULT_MSS;
  private int programScale;
  private int programWindow;
  private int programNext;
  private boolean established;
  private boolean asked;

  private int rcvNext;
  private int rcvEdge;
  private int serverAck;
  private int serverWindow;
  private boolean serverEnded;

  private int una;
  private int next;
  private int nextMost;
  private boolean endAcked;
  private int retries;
  private long deadlineNs = Long.MAX_VALUE;
  private long idleAtNs = Long.MAX_VALUE;

  /**
   * @param program outbound key of the flow, kept
   * @param maxSegmentOfPath most payload bytes of a segment to the program
   */
  DnsStream(
      int flow,
      FlowKey program,
      int maxSegmentOfPath,
      ByteQueue toProgram,
      DnsMessages messages,
      Outlet outlet) {
    this.flow = flow;
    this.program = program;
    this.maxSegmentOfPath = maxSegmentOfPath;
    this.toProgram = toProgram;
    this.messages = messages;
    this.outlet = outlet;
  }

  /** When {@link #onTimer} wants to be called; {@link Long#MAX_VALUE} for never. */
  long deadlineNs() {
    return Math.min(deadlineNs, idleAtNs);
  }

  /** Gives all memory back. */
  void clear() {
    toProgram.clear();
    messages.clear();
  }

  // ---------------------------------------------------------------- from the program

  /** A burst of the program, complete and with its own addresses. */
  Verdict outbound(Burst b, long nowNs) {
    idleAtNs = nowNs + IDLE_NS;
    int flags = Tcp.flags(b);
    int seq = Tcp.seq(b.buffer(), b.transport());
    if (Tcp.isFirst(flags)) {
      return begin(b, seq);
    }
    if (!established) {
      return Verdict.FORWARD;
    }
    if (b.payloadBytes() > 0 && !asked) {
      if (!isQuery(b)) {
        return Verdict.PLAIN;
      }
      asked = true;
    }
    int behind = seq + b.payloadBytes() + (flags & Tcp.FIN);
    programNext = behind - programNext > 0 ? behind : programNext;
    if ((flags & Tcp.ACK) == 0) {
      return Verdict.FORWARD;
    }
    boolean news = acknowledged(Tcp.ack(b.buffer(), b.transport()), nowNs);
    programWindow = Tcp.window(b.buffer(), b.transport()) << programScale;
    int before = rcvEdge - rcvNext;
    TcpEdit.acknowledgment(b, rcvNext, window());
    boolean wider = rcvEdge - rcvNext > before;
    if (programWindow == 0) {
      // A program that answers our probes is there, however long it does not read (RFC 9293 section
      // 3.8.6.1).
      retries = Math.min(retries, MAX_BACKOFF);
    }
    pump(nowNs);
    boolean pure = b.payloadBytes() == 0 && (flags & (Tcp.FIN | Tcp.RST)) == 0;
    return pure && news && !wider ? Verdict.CONSUMED : Verdict.FORWARD;
  }

  private Verdict begin(Burst syn, int seq) {
    if (established && seq != firstSeq) {
      // Another connection by the same ports, before ours was over: its server will say so.
      established = false;
      asked = false;
      serverEnded = false;
      endAcked = false;
      retries = 0;
      deadlineNs = Long.MAX_VALUE;
      clear();
    }
    firstSeq = seq;
    programNext = seq + 1;
    programScale = TcpEdit.scale(syn);
    int offered = TcpEdit.maxSegment(syn);
    maxSegment = Math.min(maxSegmentOfPath, offered < 0 ? DEFAULT_MSS : Math.max(offered, 88));
    programWindow = Tcp.window(syn.buffer(), syn.transport());
    TcpEdit.plain(syn);
    return Verdict.FORWARD;
  }

  /** Whether the first bytes can be those of a query: length, id, flags, one question. */
  private static boolean isQuery(Burst b) {
    int at = b.pieceStart(0);
    int bytes = b.pieceBytes(0);
    if (bytes < QUERY_HEADER_BYTES) {
      return true; // some send the length by itself
    }
    int length = b.buffer().getShort(at) & 0xffff;
    return length >= QUERY_HEADER_BYTES - 2
        && b.buffer().get(at + 4) >= 0
        && b.buffer().getShort(at + 6) == 1;
  }

  private boolean acknowledged(int ack, long nowNs) {
    int bytes = ack - una;
    if (bytes <= 0 || ack - nextMost > 0) {
      return false;
    }
    endAcked = bytes > toProgram.size();
    toProgram.drop(Math.min(bytes, toProgram.size()));
    una = ack;
    next = ack - next > 0 ? ack : next;
    retries = 0;
    deadlineNs = una == nextMost ? Long.MAX_VALUE : nowNs + FIRST_RETRY_NS;
    return true;
  }

  // ---------------------------------------------------------------- from the server

  /** A burst of the server, complete; its addresses do not matter. */
  Verdict inbound(Burst b, Policy policy, long nowNs) {
    idleAtNs = nowNs + IDLE_NS;
    int flags = Tcp.flags(b);
    int seq = Tcp.seq(b.buffer(), b.transport());
    if ((flags & Tcp.SYN) != 0) {
      return accepted(b, flags, seq, nowNs);
    }
    if (!established) {
      return Verdict.FORWARD;
    }
    if ((flags & Tcp.RST) != 0) {
      // The program takes a reset only with the very number that it expects (RFC 5961).
      TcpEdit.sequence(b, nextMost + (seq - rcvNext));
      return Verdict.FORWARD;
    }
    boolean ends = (flags & Tcp.FIN) != 0;
    if (!asked && b.payloadBytes() > 0) {
      return Verdict.PLAIN; // a DNS server never speaks first
    }
    int ack = Tcp.ack(b.buffer(), b.transport());
    int window = Tcp.window(b.buffer(), b.transport());
    boolean news = ack != serverAck || window != serverWindow;
    serverAck = ack;
    serverWindow = window;
    if (b.payloadBytes() == 0 && !ends) {
      int behind = seq - rcvNext;
      if (behind < 0) {
        acknowledge(nowNs); // asks whether we are still there
      }
      TcpEdit.sequence(b, nextMost);
      return Verdict.FORWARD;
    }
    if (!receive(b, seq, ends, policy, nowNs)) {
      return Verdict.BROKEN;
    }
    acknowledge(nowNs);
    if (!pump(nowNs) && news) {
      outlet.toProgram(this, nextMost, serverAck, Tcp.ACK, serverWindow, 0, 0);
    }
    return Verdict.CONSUMED;
  }

  private Verdict accepted(Burst b, int flags, int seq, long nowNs) {
    if (established && (seq + 1 != rcvNext || nextMost != rcvNext)) {
      acknowledge(nowNs);
      return Verdict.CONSUMED;
    }
    if ((flags & Tcp.ACK) == 0) {
      return Verdict.PLAIN; // both ends began at once
    }
    int scale = TcpEdit.scale(b);
    programScale = scale < 0 || programScale < 0 ? 0 : programScale;
    rcvNext = seq + 1;
    rcvEdge = rcvNext + programWindow;
    una = rcvNext;
    next = rcvNext;
    nextMost = rcvNext;
    serverAck = Tcp.ack(b.buffer(), b.transport());
    serverWindow = Tcp.window(b.buffer(), b.transport());
    established = true;
    TcpEdit.plain(b);
    return Verdict.FORWARD;
  }

  /** Takes what comes next in order and fits; the server sends all else again. */
  private boolean receive(Burst b, int seq, boolean ends, Policy policy, long nowNs) {
    int skip = rcvNext - seq;
    if (serverEnded || skip < 0 || skip > b.payloadBytes()) {
      return true;
    }
    int take = Math.min(b.payloadBytes() - skip, rcvEdge - rcvNext);
    boolean whole = take == b.payloadBytes() - skip;
    boolean stored = true;
    int left = take;
    for (int i = 0; i < b.pieces() && stored && left > 0; i++) {
      int bytes = b.pieceBytes(i);
      if (skip >= bytes) {
        skip -= bytes;
        continue;
      }
      int part = Math.min(bytes - skip, left);
      stored = messages.add(b.buffer(), b.pieceStart(i) + skip, part, policy, nowNs);
      skip = 0;
      left -= part;
    }
    rcvNext += take;
    if (ends && whole) {
      serverEnded = true;
      rcvNext++;
      stored &= messages.end(policy);
    }
    return stored;
  }

  private void acknowledge(long nowNs) {
    outlet.toServer(this, Tcp.ACK, programNext, rcvNext, window(), nowNs);
  }

  /** Ends the connection to the server. */
  void reset(long nowNs) {
    outlet.toServer(this, Tcp.RST | Tcp.ACK, programNext, rcvNext, 0, nowNs);
  }

  /** What the server may send from now on, as a header says it; a promise is never taken back. */
  private int window() {
    int room = toProgram.size() > MAX_UNREAD ? 0 : WINDOW - messages.held();
    int most = 0xffff << programScale;
    if (rcvNext + Math.min(room, most) - rcvEdge > 0) {
      rcvEdge = rcvNext + Math.min(room, most);
    }
    return Math.max(0, Math.min(rcvEdge - rcvNext, most)) >>> programScale;
  }

  // ---------------------------------------------------------------- to the program

  /** Sends what the program's window has room for; whether anything was sent. */
  private boolean pump(long nowNs) {
    int from = next;
    for (int unsent = unsent(); unsent >= 0; unsent = unsent()) {
      int sent = next - una;
      int bytes = Math.min(Math.min(unsent, maxSegment), programWindow - sent);
      boolean ends = serverEnded && bytes == unsent;
      if (bytes < 0 || bytes == 0 && !ends) {
        break;
      }
      int flags = Tcp.ACK | (bytes > 0 ? Tcp.PSH : 0) | (ends ? Tcp.FIN : 0);
      int at = toProgram.start() + sent;
      outlet.toProgram(this, next, serverAck, flags, serverWindow, at, bytes);
      next += bytes + (ends ? 1 : 0);
    }
    nextMost = next - nextMost > 0 ? next : nextMost;
    boolean waits = nextMost != una || toProgram.size() > 0;
    if (waits && deadlineNs == Long.MAX_VALUE) {
      deadlineNs = nowNs + FIRST_RETRY_NS;
    }
    return next != from;
  }

  /** Bytes never sent since the last step back; less than 0 when the end has been sent, too. */
  private int unsent() {
    return endAcked ? -1 : toProgram.size() - (next - una);
  }

  /** Sends again what the program has not acknowledged in time, at least one byte. */
  Verdict onTimer(long nowNs) {
    if (nowNs >= idleAtNs) {
      return Verdict.BROKEN;
    }
    if (nowNs < deadlineNs) {
      return Verdict.FORWARD;
    }
    if (++retries > MAX_RETRIES) {
      return Verdict.BROKEN;
    }
    deadlineNs = nowNs + (FIRST_RETRY_NS << Math.min(retries, MAX_BACKOFF));
    next = una;
    programWindow = Math.max(programWindow, 1);
    pump(nowNs);
    return Verdict.FORWARD;
  }
}
