// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.DnsMessage;
import oasis.packet.DnsReply;
import oasis.packet.FlowKey;
import oasis.packet.UdpFrame;

/**
 * Fakes DNS answers (paper section 2.2.4). An answer carries its question, so it is judged by
 * itself: when a rule matches the name and an overlay would serve it now, the program gets fake
 * addresses, one for each (name, real address), and no other address of that name. All other
 * messages pass untouched. Confined to the data loop.
 */
final class DnsFaker {
  /** Seconds a program may keep a fake: after a crash of ours it asks again soon. */
  static final int FAKE_TTL = 5;

  private static final String REVERSE_4 = ".in-addr.arpa";
  private static final int MAX_ADDRESSES = 64;
  private static final int DEFAULT_UDP_BYTES = 512;
  private static final int MAX_UDP_BYTES = 1_232;

  private final Scratch scratch;
  private final Fakes fakes;
  private final Carriers carriers;
  private final Effects effects;
  private final DnsMessage message = new DnsMessage();
  private final FlowKey direction = new FlowKey();
  private final Burst reply = new Burst();
  private final long[] lows = new long[MAX_ADDRESSES];
  private long queries;
  private long faked;

  DnsFaker(Scratch scratch, Fakes fakes, Carriers carriers, Effects effects) {
    this.scratch = scratch;
    this.fakes = fakes;
    this.carriers = carriers;
    this.effects = effects;
  }

  /** DNS queries seen. */
  long queries() {
    return queries;
  }

  /** Answers in which addresses were replaced. */
  long faked() {
    return faked;
  }

  /**
   * Answers a query that only we can answer: the name of a fake address.
   *
   * @param query a checked UDP burst to port 53
   * @param key its 5-tuple
   * @return true when it has been answered and goes no further
   */
  boolean answers(Burst query, FlowKey key) {
    queries++;
    if (message.check(query.buffer(), query.pieceStart(0), query.payloadBytes()) != null
        || message.response()
        || message.type() != DnsMessage.PTR) {
      return false;
    }
    int entry = fakeOfReverseName(message.name());
    if (entry < 0) {
      return false;
    }
    reverse(key);
    int at = UdpFrame.headerBytes(direction);
    send(DnsReply.ptr(message, fakes.name(entry), FAKE_TTL, scratch.buffer(), at, limit()));
    return true;
  }

  /**
   * Replaces a DNS answer when its name is to be reached by a fake address.
   *
   * @param answer a checked UDP burst from port 53
   * @param program outbound key of its flow
   * @return true when the answer has been replaced and goes no further
   */
  boolean replaces(Burst answer, FlowKey program, Policy policy, long nowNs) {
    if (answer.segments() != 1
        || message.check(answer.buffer(), answer.pieceStart(0), answer.payloadBytes()) != null
        || !message.response()
        || message.opcode() != 0
        || message.rcode() != DnsReply.NO_ERROR
        || message.questionClass() != DnsMessage.IN) {
      return false;
    }
    int rule = policy.matchName(message.name());
    if (rule < 0 || policy.chooseByName(rule, message.name(), carriers) == Carriers.UNDERLAY) {
      return false;
    }
    int count = 0;
    if (message.type() == DnsMessage.A) {
      count = fakeAddresses(answer, rule, nowNs);
      // Cut short before its first address: the program will ask again by TCP.
      if (count < 0 || count == 0 && message.truncated()) {
        return false;
      }
    } else if (message.type() != DnsMessage.AAAA
        && message.type() != DnsMessage.HTTPS
        && message.type() != DnsMessage.SVCB) {
      return false;
    }
    reverse(program);
    int at = UdpFrame.headerBytes(direction);
    // No IPv6 carrier exists yet, and service hints carry addresses: both exist, but empty.
    send(
        count > 0
            ? DnsReply.addresses(message, lows, count, FAKE_TTL, scratch.buffer(), at, limit())
            : DnsReply.noData(message, FAKE_TTL, scratch.buffer(), at, limit()));
    faked++;
    return true;
  }

  /** Fakes for the answer's A records into {@link #lows}; their number, or -1: no fake is left. */
  private int fakeAddresses(Burst answer, int rule, long nowNs) {
    String name = message.name();
    int count = 0;
    message.rewind();
    while (count < MAX_ADDRESSES && message.next() && message.section() == DnsMessage.ANSWER) {
      if (message.recordType() == DnsMessage.A
          && message.recordClass() == DnsMessage.IN
          && message.dataBytes() == 4) {
        long real = Addresses.v4(answer.buffer().getInt(message.dataStart()));
        long fake = fakes.pool(true).assign(name, 0, real, rule, nowNs);
        if (fake == 0) {
          return -1;
        }
        lows[count++] = fake;
      }
    }
    return count;
  }

  /** Entry of the fake that a name such as {@code 7.0.18.198.in-addr.arpa} stands for, or -1. */
  private int fakeOfReverseName(String name) {
    if (!name.endsWith(REVERSE_4)) {
      return -1;
    }
    String[] parts = name.substring(0, name.length() - REVERSE_4.length()).split("\\.", -1);
    if (parts.length != 4) {
      return -1;
    }
    try {
      long lo = Addresses.parse(parts[3] + "." + parts[2] + "." + parts[1] + "." + parts[0]).lo();
      return fakes.find(0, lo);
    } catch (IllegalArgumentException notAnAddress) {
      return -1;
    }
  }

  private void reverse(FlowKey program) {
    direction.srcHi = program.srcHi;
    direction.srcLo = program.srcLo;
    direction.dstHi = program.dstHi;
    direction.dstLo = program.dstLo;
    direction.ports = program.ports;
    direction.reverse();
  }

  private int limit() {
    return Math.max(DEFAULT_UDP_BYTES, Math.min(MAX_UDP_BYTES, message.udpBytes()));
  }

  private void send(int dnsBytes) {
    int bytes = UdpFrame.write(direction, scratch.buffer(), 0, dnsBytes);
    if (reply.check(scratch.buffer(), scratch.address(), 0, bytes) == null) {
      effects.toTun(reply);
    }
  }
}
