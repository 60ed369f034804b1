// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.nio.ByteBuffer;
import oasis.flow.FakePool;
import oasis.flow.NatEngine;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.DnsMessage;
import oasis.packet.DnsReply;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.UdpFrame;

/**
 * Fakes DNS answers (paper section 2.2.4). An answer carries its question, so it is judged by
 * itself: when a rule matches the name and an overlay would serve it now, the program gets fake
 * addresses, one for each (name, real address), and no other address of that name. A fake has the
 * family of its real address; when nothing could carry IPv6, the name has no IPv6 address. All
 * other messages pass untouched. Confined to the data loop.
 */
final class DnsFaker {
  /** Seconds a program may keep a fake: after a crash of ours it asks again soon. */
  static final int FAKE_TTL = 5;

  private static final int PORT = 53;
  private static final int MAX_ADDRESSES = 64;
  private static final int DEFAULT_UDP_BYTES = 512;
  private static final int MAX_UDP_BYTES = 1_232;

  private final Scratch scratch;
  private final Fakes fakes;
  private final Carriers carriers;
  private final NatEngine nat;
  private final Effects effects;
  private final DnsMessage message = new DnsMessage();
  private final FlowKey direction = new FlowKey();
  private final Burst reply = new Burst();
  private long queries;
  private long faked;

  /** The fakes of an answer, in pairs of high and low half. */
  private final long[] halves = new long[2 * MAX_ADDRESSES];

  private int count;

  /** Whether the answer holds what must not reach the program: an address, or a hint at one. */
  private boolean secret;

  /** Whether it holds an address of no use to a carrier, such as 127.0.0.1 of a block list. */
  private boolean local;

  /** Whether a fake IPv4 address was asked for and none is left. */
  private boolean exhausted4;

  DnsFaker(Scratch scratch, Fakes fakes, Carriers carriers, NatEngine nat, Effects effects) {
    this.scratch = scratch;
    this.fakes = fakes;
    this.carriers = carriers;
    this.nat = nat;
    this.effects = effects;
  }

  /** Whether a flow, as its program sends, is one of DNS queries. */
  static boolean isQuery(FlowKey program) {
    return program.protocol() == Ip.UDP && program.dport() == PORT;
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
    Address address = ReverseNames.address(message.name());
    int fake = address == null ? Fakes.NONE : fakes.find(address.hi(), address.lo());
    if (fake < 0) {
      return false;
    }
    int at = begin(key);
    send(DnsReply.ptr(message, fakes.name(fake), FAKE_TTL, scratch.buffer(), at, limit()));
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
    if (!isAnswer(answer)) {
      return false;
    }
    String name = message.name();
    int rule = policy.matchName(name);
    if (rule < 0 || policy.chooseByName(rule, name, true, carriers) == Carriers.UNDERLAY) {
      return false;
    }
    boolean ipv6 =
        nat.hasExternal6() || policy.chooseByName(rule, name, false, carriers) != Carriers.UNDERLAY;
    if (!collect(answer.buffer(), rule, ipv6, nowNs)) {
      return false;
    }
    int at = begin(program);
    ByteBuffer out = scratch.buffer();
    send(
        count > 0
            ? DnsReply.addresses(message, halves, count, FAKE_TTL, out, at, limit())
            : DnsReply.noData(message, FAKE_TTL, out, at, limit()));
    faked++;
    policy.countName(name, carriers);
    return true;
  }

  private boolean isAnswer(Burst answer) {
    return answer.segments() == 1
        && message.check(answer.buffer(), answer.pieceStart(0), answer.payloadBytes()) == null
        && message.response()
        && message.opcode() == 0
        && message.rcode() == DnsReply.NO_ERROR
        && message.questionClass() == DnsMessage.IN;
  }

  /** Gets fakes for the answer's addresses; false when the answer had better pass as it is. */
  private boolean collect(ByteBuffer answer, int rule, boolean ipv6, long nowNs) {
    int type = message.type();
    // Service hints carry addresses: they exist, but are empty (RFC 9460 section 7.3).
    secret = type == DnsMessage.HTTPS || type == DnsMessage.SVCB;
    count = 0;
    local = false;
    exhausted4 = false;
    boolean any = type == DnsMessage.ANY;
    if (!secret && !any && type != DnsMessage.A && type != DnsMessage.AAAA) {
      return false;
    }
    message.rewind();
    while (count < MAX_ADDRESSES && message.next() && message.section() == DnsMessage.ANSWER) {
      int record = message.recordType();
      if (message.recordClass() == DnsMessage.IN && (any || record == type)) {
        record(record, answer, rule, ipv6, nowNs);
      }
    }
    if (count > 0) {
      return true;
    }
    // Without an address the genuine answer gives nothing away. If it was cut short before its
    // first one, the program will ask again by TCP. When fakes run out, reaching the destination
    // is worth more than the rule.
    return secret && !message.truncated() && !local && !exhausted4;
  }

  private void record(int type, ByteBuffer answer, int rule, boolean ipv6, long nowNs) {
    int at = message.dataStart();
    if (type == DnsMessage.A && message.dataBytes() == 4) {
      address(0, Addresses.v4(answer.getInt(at)), rule, nowNs);
    } else if (type == DnsMessage.AAAA && message.dataBytes() == 16) {
      long hi = answer.getLong(at);
      long lo = answer.getLong(at + 8);
      secret = true;
      // An IPv4-mapped address must not appear on the wire (RFC 4038 section 4.2).
      if (ipv6 && !Addresses.isV4(hi, lo)) {
        address(hi, lo, rule, nowNs);
      }
    } else if (type == DnsMessage.HTTPS || type == DnsMessage.SVCB) {
      secret = true;
    }
  }

  private void address(long hi, long lo, int rule, long nowNs) {
    secret = true;
    if (fakes.inRange(hi, lo)) {
      // Somebody else's fake, or an attack: two names that mean each other's fake would send a
      // packet round and round.
      return;
    }
    if (Addresses.isUnspecified(hi, lo)
        || Addresses.isLoopback(hi, lo)
        || Addresses.isLinkLocal(hi, lo)
        || Addresses.isMulticast(hi, lo)
        || Addresses.isBroadcast(hi, lo)) {
      local = true;
      return;
    }
    boolean ipv4 = Addresses.isV4(hi, lo);
    FakePool pool = fakes.pool(ipv4);
    long fake = pool.assign(message.name(), hi, lo, rule, nowNs);
    if (fake == 0) {
      exhausted4 |= ipv4;
      return;
    }
    halves[2 * count] = pool.fakeHi();
    halves[2 * count + 1] = fake;
    count++;
  }

  /** Turns a program's key round; index of the DNS message that is written for it. */
  private int begin(FlowKey program) {
    direction.srcHi = program.srcHi;
    direction.srcLo = program.srcLo;
    direction.dstHi = program.dstHi;
    direction.dstLo = program.dstLo;
    direction.ports = program.ports;
    direction.reverse();
    return UdpFrame.headerBytes(direction);
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
