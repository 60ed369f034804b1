// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.TcpFrame;

/**
 * DNS by TCP: the connections to servers' port 53 that began while there were name rules. They are
 * flows like any other, by the same carriers; only what the server sends is written anew on its way
 * (see {@link DnsStream}). There are at most {@link #MAX_STREAMS}, with at most {@link #MAX_BYTES}
 * of memory together. Confined to the data loop.
 */
final class DnsStreams implements DnsStream.Outlet {
  /** Most connections at a time. */
  static final int MAX_STREAMS = 1_024;

  /** Most bytes that all connections may hold. */
  static final long MAX_BYTES = 16L << 20;

  private static final int PORT = 53;

  /** Room for the headers of both families. */
  private static final int ACK_BYTES = 64;

  private final FlowMap map;
  private final DnsAnswers answers;
  private final Forwarder forwarder;
  private final Refusals refusals;
  private final Scratch scratch;
  private final Effects effects;
  private final int tunMtu;
  private final Map<Integer, DnsStream> byFlow = new HashMap<>();
  private final ByteQueue.Budget budget = new ByteQueue.Budget(MAX_BYTES);
  private final ByteBuffer answer = ByteBuffer.allocate(DnsMessages.SCRATCH_BYTES);
  private final FlowKey direction = new FlowKey();
  private final Burst segment = new Burst();

  /** Nothing is due before. */
  private long nextNs = Long.MAX_VALUE;

  /**
   * @param tunMtu longest packet for programs, in bytes
   */
  DnsStreams(
      FlowMap map,
      DnsAnswers answers,
      Forwarder forwarder,
      Refusals refusals,
      Scratch scratch,
      Effects effects,
      int tunMtu) {
    this.map = map;
    this.answers = answers;
    this.forwarder = forwarder;
    this.refusals = refusals;
    this.scratch = scratch;
    this.effects = effects;
    this.tunMtu = tunMtu;
  }

  /** Whether a flow, as its program sends, may be one of DNS by TCP. */
  static boolean isQuery(FlowKey program) {
    return program.protocol() == Ip.TCP && program.dport() == PORT;
  }

  /** Connections that are watched. */
  int size() {
    return byFlow.size();
  }

  /** Memory for what is on its way, in bytes. */
  long heldBytes() {
    return MAX_BYTES - budget.left();
  }

  /** Whether the answers of a flow are written anew. */
  boolean has(int f) {
    return !byFlow.isEmpty() && byFlow.containsKey(f);
  }

  /**
   * A flow to port 53 begins.
   *
   * @param syn its first segment
   * @param program its outbound key
   * @return the flow, or {@link FlowMap#NONE} when it has been refused
   */
  int begin(int f, Burst syn, FlowKey program, Policy policy, long nowNs) {
    if (has(f) || !policy.hasNameRules() || policy.mediated()) {
      return f;
    }
    if (byFlow.size() == MAX_STREAMS && !forgetClosed()) {
      map.end(f);
      refusals.refuse(DropReason.FLOW_LIMIT, syn, nowNs);
      return FlowMap.NONE;
    }
    FlowKey key = new FlowKey().set(program);
    ByteQueue toProgram = new ByteQueue(budget);
    DnsMessages messages = new DnsMessages(budget, toProgram, answers, answer);
    int most = Math.min(tunMtu, Scratch.PACKET_BYTES) - TcpFrame.headerBytes(key);
    byFlow.put(f, new DnsStream(f, key, most, toProgram, messages, this));
    return f;
  }

  private boolean forgetClosed() {
    boolean found = false;
    for (Iterator<DnsStream> all = byFlow.values().iterator(); all.hasNext(); ) {
      DnsStream stream = all.next();
      if (map.closed(stream.flow)) {
        stream.clear();
        all.remove();
        found = true;
      }
    }
    return found;
  }

  /** A burst of a program; false when it goes no further. */
  boolean outbound(int f, Burst b, long nowNs) {
    DnsStream stream = byFlow.get(f);
    return stream == null || goesOn(stream, stream.outbound(b, nowNs), nowNs);
  }

  /** A burst of a server; false when it goes no further. */
  boolean inbound(int f, Burst b, Policy policy, long nowNs) {
    DnsStream stream = byFlow.get(f);
    return stream == null || goesOn(stream, stream.inbound(b, policy, nowNs), nowNs);
  }

  private boolean goesOn(DnsStream stream, DnsStream.Verdict verdict, long nowNs) {
    nextNs = Math.min(nextNs, stream.deadlineNs());
    switch (verdict) {
      case FORWARD -> {
        return true;
      }
      case CONSUMED -> {
        return false;
      }
      case PLAIN -> {
        forget(stream.flow);
        return true;
      }
      case BROKEN -> {
        end(stream, nowNs);
        byFlow.remove(stream.flow);
        return false;
      }
    }
    throw new AssertionError(verdict);
  }

  /** Forgets the stream of a flow that ends, if it has one. */
  void forget(int f) {
    DnsStream stream = byFlow.isEmpty() ? null : byFlow.remove(f);
    if (stream != null) {
      stream.clear();
    }
  }

  /** When {@link #onTimer} wants to be called; {@link Long#MAX_VALUE} for never. */
  long nextDeadlineNs() {
    return nextNs;
  }

  /** Sends again what programs have not acknowledged. */
  void onTimer(long nowNs) {
    if (nowNs < nextNs) {
      return;
    }
    nextNs = Long.MAX_VALUE;
    for (Iterator<DnsStream> all = byFlow.values().iterator(); all.hasNext(); ) {
      DnsStream stream = all.next();
      if (stream.onTimer(nowNs) == DnsStream.Verdict.BROKEN) {
        end(stream, nowNs);
        all.remove();
      } else {
        nextNs = Math.min(nextNs, stream.deadlineNs());
      }
    }
  }

  /** Both ends learn that the connection is over. */
  private void end(DnsStream stream, long nowNs) {
    stream.clear();
    stream.reset(nowNs);
    refusals.resetProgram(stream.program, map.lastAck[stream.flow]);
    map.end(stream.flow);
  }

  @Override
  public void toServer(DnsStream stream, int flags, int seq, int ack, int window, long nowNs) {
    // Not in front: should it be refused, the refusal is written there.
    int at = Scratch.PACKET_BYTES - ACK_BYTES;
    int bytes = TcpFrame.write(stream.program, scratch.buffer(), at, seq, ack, flags, window, 0);
    if (segment.check(scratch.buffer(), scratch.address(), at, bytes) == null) {
      forwarder.forward(stream.flow, segment, stream.program, nowNs);
    }
  }

  @Override
  public void toProgram(
      DnsStream stream, int seq, int ack, int flags, int window, int at, int payload) {
    direction.set(stream.program).reverse();
    int headers = TcpFrame.headerBytes(direction);
    scratch.buffer().put(headers, stream.toProgram.memory(), at, payload);
    int bytes = TcpFrame.write(direction, scratch.buffer(), 0, seq, ack, flags, window, payload);
    if (segment.check(scratch.buffer(), scratch.address(), 0, bytes) == null) {
      effects.toTun(segment);
    }
  }
}
