// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.nio.ByteBuffer;
import oasis.packet.Burst;
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
  private final Effects effects;
  private final FlowKey direction = new FlowKey();
  private final Burst reply = new Burst();

  DnsFaker(Scratch scratch, DnsAnswers answers, Effects effects) {
    this.scratch = scratch;
    this.answers = answers;
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
   * @param answer a checked UDP burst from port 53
   * @param program outbound key of its flow
   * @return true when the answer has been replaced and goes no further
   */
  boolean replaces(Burst answer, FlowKey program, Policy policy, long nowNs) {
    if (answer.segments() != 1) {
      return false;
    }
    int at = begin(program);
    // The server knows how much the program takes; what replaces the answer is hardly ever longer.
    int limit = Math.max(DEFAULT_UDP_BYTES, answer.payloadBytes());
    int bytes =
        answers.replace(
            answer.buffer(),
            answer.pieceStart(0),
            answer.payloadBytes(),
            policy,
            nowNs,
            scratch.buffer(),
            at,
            Math.min(limit, Scratch.PACKET_BYTES - at));
    return send(bytes);
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
