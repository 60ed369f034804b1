// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.nio.ByteBuffer;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.UdpFrame;

/**
 * DNS by UDP: one message in one datagram. Nothing is remembered about a query, so programs may use
 * the same ids and ask again and again. Confined to the data loop.
 */
final class DnsFaker {
  private static final int PORT = 53;
  private static final int DEFAULT_UDP_BYTES = 512;

  private final Scratch scratch;
  private final DnsAnswers answers;
  private final Refusals refusals;
  private final Effects effects;
  private final FlowKey direction = new FlowKey();
  private final Burst reply = new Burst();

  DnsFaker(Scratch scratch, DnsAnswers answers, Refusals refusals, Effects effects) {
    this.scratch = scratch;
    this.answers = answers;
    this.refusals = refusals;
    this.effects = effects;
  }

  /** Whether a flow, as its program sends, is one of DNS queries. */
  static boolean isQuery(FlowKey program) {
    return program.protocol() == Ip.UDP && program.dport() == PORT;
  }

  /**
   * Answers a query that only we can answer.
   *
   * @param query a checked UDP burst to port 53
   * @param key its 5-tuple
   * @return true when it has been answered and goes no further
   */
  boolean answers(Burst query, FlowKey key, Policy policy) {
    answers.countQuery();
    int at = begin(key);
    ByteBuffer out = scratch.buffer();
    int bytes =
        answers.answer(
            query.buffer(),
            query.pieceStart(0),
            query.payloadBytes(),
            policy,
            out,
            at,
            DEFAULT_UDP_BYTES);
    return send(bytes);
  }

  /**
   * Replaces a DNS answer when its name is to be reached by a fake address.
   *
   * @param answer a checked UDP burst from port 53, no fragment
   * @param program outbound key of its flow
   * @return true when the answer has been replaced, or taken apart, and goes no further
   */
  boolean replaces(Burst answer, FlowKey program, Policy policy, long nowNs) {
    if (answer.segments() > 1) {
      oneByOne(answer, program, policy, nowNs);
      return true;
    }
    int at = begin(program);
    return send(judge(answer, answer.pieceStart(0), answer.payloadBytes(), at, policy, nowNs));
  }

  private int judge(Burst in, int from, int dnsBytes, int at, Policy policy, long nowNs) {
    // The server knows how much the program takes; what replaces the answer is hardly ever longer.
    int limit = Math.max(DEFAULT_UDP_BYTES, dnsBytes);
    int bytes =
        answers.replace(
            in.buffer(),
            from,
            dnsBytes,
            policy,
            nowNs,
            scratch.buffer(),
            at,
            Math.min(limit, Scratch.PACKET_BYTES - at));
    return bytes == DnsAnswers.UNFIT ? answers.askByTcp(scratch.buffer(), at) : bytes;
  }

  /** Answers of one length to one program, merged on their way, part again. */
  private void oneByOne(Burst run, FlowKey program, Policy policy, long nowNs) {
    int at = begin(program);
    int left = run.payloadBytes();
    for (int i = 0; left > 0; i++) {
      int dnsBytes = Math.min(run.segmentBytes(), left);
      left -= dnsBytes;
      int from = run.pieces() > 1 ? run.pieceStart(i) : run.pieceStart(0) + i * run.segmentBytes();
      int bytes = judge(run, from, dnsBytes, at, policy, nowNs);
      if (bytes == DnsAnswers.PASS && at + dnsBytes <= Scratch.PACKET_BYTES) {
        scratch.buffer().put(at, run.buffer(), from, dnsBytes);
        bytes = dnsBytes;
      }
      if (!send(bytes)) {
        refusals.dropOne(DropReason.TOO_BIG);
      }
    }
  }

  /**
   * Judges a DNS answer that comes in fragments by its first one: it is told from there whether the
   * answer is about a name of a rule. Nothing is put together, so such an answer becomes one that
   * is to be asked for by TCP.
   *
   * @param first a checked first fragment of UDP from port 53
   * @param program outbound key of its flow
   * @param restComes whether the later fragments reach the program
   * @return true when the program has been told so, or can be told nothing, and the datagram goes
   *     no further
   */
  boolean stops(Burst first, FlowKey program, Policy policy, boolean restComes) {
    int at = begin(program);
    int bytes =
        answers.cut(
            first.buffer(),
            first.pieceStart(0),
            first.payloadBytes(),
            restComes,
            policy,
            scratch.buffer(),
            at);
    if (bytes == DnsAnswers.LOST) {
      refusals.drop(DropReason.FRAGMENT, first);
    }
    return bytes == DnsAnswers.LOST || send(bytes);
  }

  /** Turns a program's key round; index of the DNS message that is written for it. */
  private int begin(FlowKey program) {
    direction.set(program);
    direction.reverse();
    return UdpFrame.headerBytes(direction);
  }

  private boolean send(int dnsBytes) {
    if (dnsBytes == DnsAnswers.PASS) {
      return false;
    }
    int bytes = UdpFrame.write(direction, scratch.buffer(), 0, dnsBytes);
    if (reply.check(scratch.buffer(), scratch.address(), 0, bytes) == null) {
      effects.toTun(reply);
    }
    return true;
  }
}
