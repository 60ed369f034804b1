// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.nio.ByteBuffer;
import oasis.flow.FakePool;
import oasis.flow.NatEngine;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.DnsMessage;
import oasis.packet.DnsReply;

/**
 * Decides what programs are told about names, message by message, whatever carries it (paper
 * section 2.2.4). An answer carries its question, so it is judged by itself: when a rule matches
 * the name and an overlay would serve it now, the program gets fake addresses, one for each (name,
 * real address), and no other address of that name. A fake has the family of its real address; when
 * nothing could carry IPv6, the name has no IPv6 address. Service bindings lose the addresses in
 * them. All other messages pass untouched. Confined to the data loop.
 */
final class DnsAnswers {
  /** The message passes as it is. */
  static final int PASS = 0;

  /** The message must not pass, and nobody can say what it was about. */
  static final int LOST = -1;

  /** The message must not pass and cannot be replaced: {@link #askByTcp} or {@link #failure}. */
  static final int UNFIT = -2;

  /** Seconds a program may keep a fake: after a crash of ours it asks again soon. */
  static final int FAKE_TTL = 5;

  /**
   * Browsers ask for this name before they look names up by HTTPS of their own accord, past all
   * rules; when it does not exist, they leave that (support.mozilla.org, "Canary domain").
   */
  static final String CANARY = "use-application-dns.net";

  /**
   * Systems and browsers ask for the service bindings of this name to learn where else their server
   * answers, by TLS or HTTPS and so past all rules (RFC 9462 section 4).
   */
  static final String DESIGNATED = "_dns.resolver.arpa";

  private static final int MAX_ADDRESSES = 250;

  private final Fakes fakes;
  private final Carriers carriers;
  private final NatEngine nat;
  private final DnsMessage message = new DnsMessage();
  private long queries;
  private long faked;

  /** The fakes of an answer, in pairs of high and low half. */
  private final long[] halves = new long[2 * MAX_ADDRESSES];

  private int count;

  /** Whether the answer holds what must not reach the program: an address, or a hint at one. */
  private boolean secret;

  /** Whether it holds an address of no use to a carrier, such as 127.0.0.1 of a block list. */
  private boolean local;

  /** Whether it holds one, or a binding, that the program does not get in any way. */
  private boolean withheld;

  /** Whether a fake IPv4 address was asked for and none is left. */
  private boolean exhausted4;

  DnsAnswers(Fakes fakes, Carriers carriers, NatEngine nat) {
    this.fakes = fakes;
    this.carriers = carriers;
    this.nat = nat;
  }

  /** A query has been seen. */
  void countQuery() {
    queries++;
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
   * Whether an answer that begins like this may be replaced, so that all of it is needed.
   *
   * @param bytes the whole message, or at least {@link DnsMessage#MAX_QUESTION_END} of it
   */
  boolean concerns(ByteBuffer memory, int at, int bytes, Policy policy) {
    return message.peek(memory, at, bytes)
        && message.response()
        && message.opcode() == 0
        && (policy.matchName(message.hostName()) != Policy.NO_RULE || isOurs(policy));
  }

  /**
   * Answers a query that only we can answer: the name of a fake address, or a way past us.
   *
   * @param out memory other than the query's
   * @param limit most bytes of the answer, at least 512
   * @return its length, or {@link #PASS}
   */
  int answer(
      ByteBuffer query, int from, int bytes, Policy policy, ByteBuffer out, int at, int limit) {
    boolean understood =
        message.check(query, from, bytes) == null && !message.response() && !message.signed();
    return understood ? ours(policy, out, at, limit) : PASS;
  }

  /**
   * Replaces an answer when its name is to be reached by a fake address. Where the name's rule is
   * about an overlay but the genuine addresses have to do for now, the program may keep them for no
   * longer than a fake. A signed answer cannot be changed, so it passes. A malformed one would be
   * read by some programs as far as it goes.
   *
   * @param out memory other than the answer's
   * @param limit most bytes of the replacement, at least 512
   * @return its length, {@link #PASS} or {@link #UNFIT}
   */
  int replace(
      ByteBuffer answer,
      int from,
      int bytes,
      Policy policy,
      long nowNs,
      ByteBuffer out,
      int at,
      int limit) {
    if (message.check(answer, from, bytes) != null) {
      boolean unfit =
          message.peek(answer, from, bytes) && message.response() && mayBeReplaced(policy);
      return unfit ? UNFIT : PASS;
    }
    if (!message.response() || message.signed()) {
      return PASS;
    }
    int ours = ours(policy, out, at, limit);
    if (ours != PASS) {
      return ours;
    }
    if (message.opcode() != 0
        || message.rcode() != DnsReply.NO_ERROR
        || message.questionClass() != DnsMessage.IN) {
      return PASS;
    }
    String name = message.hostName();
    if (policy.matchName(name) == Policy.NO_RULE) {
      return PASS;
    }
    int rule = policy.keepsFromUnderlay(name, true, carriers);
    if (rule < 0) {
      return policy.mayLeaveUnderlay(name) ? forNow(bytes, out, at, limit) : PASS;
    }
    exhausted4 = false;
    int reply = replacement(answer, rule, policy, nowNs, out, at, limit);
    if (reply == PASS) {
      return exhausted4 ? forNow(bytes, out, at, limit) : PASS;
    }
    if (reply == UNFIT) {
      return UNFIT;
    }
    faked++;
    policy.hits(rule).name();
    return reply;
  }

  /** The genuine answer, about which the program soon asks again if addresses are in it. */
  private int forNow(int bytes, ByteBuffer out, int at, int limit) {
    return switch (message.type()) {
      case DnsMessage.A, DnsMessage.AAAA, DnsMessage.ANY, DnsMessage.HTTPS, DnsMessage.SVCB ->
          bytes > limit ? UNFIT : DnsReply.withTtl(message, FAKE_TTL, out, at, limit);
      default -> PASS;
    };
  }

  /** In place of an answer by UDP that is {@link #UNFIT}; returns its length. */
  int askByTcp(ByteBuffer out, int at) {
    return DnsReply.truncatedUnseen(message, out, at);
  }

  /** In place of an answer by TCP that is {@link #UNFIT}; returns its length. */
  int failure(ByteBuffer out, int at) {
    return DnsReply.error(message, DnsReply.SERVFAIL, out, at);
  }

  private boolean isOurs(Policy policy) {
    return message.opcode() == 0
        && message.questionClass() == DnsMessage.IN
        && (message.type() == DnsMessage.PTR && fakeOfReverseName() >= 0
            || policy.hasNameRules() && (message.name().equals(CANARY) || isDesignation()));
  }

  private boolean isDesignation() {
    return message.type() == DnsMessage.SVCB && message.name().equals(DESIGNATED);
  }

  private int fakeOfReverseName() {
    Address address = ReverseNames.address(message.name());
    return address == null ? Fakes.NONE : fakes.find(address.hi(), address.lo());
  }

  /**
   * Judges the answer of which only the first fragment is there. When it is about a name of a rule,
   * or when the rest will not come, the program is told to ask again by TCP.
   *
   * @param bytes of the message in the first fragment
   * @param restComes whether the other fragments reach the program
   * @param out memory other than the answer's
   * @return the length of what the program is told, {@link #PASS}, or {@link #LOST}
   */
  int cut(
      ByteBuffer answer,
      int from,
      int bytes,
      boolean restComes,
      Policy policy,
      ByteBuffer out,
      int at) {
    if (!message.peek(answer, from, bytes)) {
      return restComes && bytes >= DnsMessage.MAX_QUESTION_END ? PASS : LOST;
    }
    if (message.response() && (!restComes || mayBeReplaced(policy))) {
      return DnsReply.truncatedUnseen(message, out, at);
    }
    return restComes ? PASS : LOST;
  }

  /** Whether the answer is one to replace, as far as its header and question say. */
  private boolean mayBeReplaced(Policy policy) {
    if (isOurs(policy)) {
      return true;
    }
    String name = message.hostName();
    return message.opcode() == 0
        && message.rcode() == DnsReply.NO_ERROR
        && message.questionClass() == DnsMessage.IN
        && (policy.keepsFromUnderlay(name, true, carriers) != Policy.NO_RULE
            || policy.mayLeaveUnderlay(name));
  }

  /** Answers what only we know. */
  private int ours(Policy policy, ByteBuffer out, int at, int limit) {
    if (!isOurs(policy)) {
      return PASS;
    }
    if (message.name().equals(CANARY)) {
      return DnsReply.error(message, DnsReply.NXDOMAIN, out, at);
    }
    return isDesignation()
        ? DnsReply.noData(message, FAKE_TTL, out, at, limit)
        : DnsReply.ptr(message, fakes.name(fakeOfReverseName()), FAKE_TTL, out, at, limit);
  }

  private int replacement(
      ByteBuffer answer, int rule, Policy policy, long nowNs, ByteBuffer out, int at, int limit) {
    int type = message.type();
    if (type == DnsMessage.HTTPS || type == DnsMessage.SVCB) {
      int bytes = DnsReply.services(message, FAKE_TTL, out, at, limit);
      return bytes > 0 ? bytes : DnsReply.noData(message, FAKE_TTL, out, at, limit);
    }
    boolean any = type == DnsMessage.ANY;
    if (!any && type != DnsMessage.A && type != DnsMessage.AAAA) {
      // Records of mail or other services may bring along the addresses of the names in them.
      if (!addressesFollow()) {
        return PASS;
      }
      int bytes = DnsReply.withoutAdditional(message, out, at, limit);
      return bytes > 0 ? bytes : UNFIT;
    }
    boolean ipv6 =
        nat.hasExternal6()
            || policy.keepsFromUnderlay(message.name(), false, carriers) != Policy.NO_RULE;
    collect(answer, any, rule, ipv6, nowNs);
    if (count > 0) {
      return DnsReply.addresses(message, halves, count, FAKE_TTL, out, at, limit);
    }
    // Without an address of use the genuine answer gives nothing away. When fakes run out, reaching
    // the destination is worth more than the rule.
    if (!secret || local && !withheld || exhausted4) {
      return PASS;
    }
    // Cut short before the first address of use: by TCP there may be one.
    return message.truncated() && (ipv6 || type != DnsMessage.AAAA)
        ? DnsReply.truncated(message, out, at)
        : DnsReply.noData(message, FAKE_TTL, out, at, limit);
  }

  private boolean addressesFollow() {
    message.rewind();
    boolean found = false;
    while (message.next()) {
      int type = message.recordType();
      boolean tells =
          type == DnsMessage.A
              || type == DnsMessage.AAAA
              || type == DnsMessage.HTTPS
              || type == DnsMessage.SVCB;
      found |= tells && message.section() == DnsMessage.ADDITIONAL;
    }
    return found;
  }

  /** Gets fakes for the answer's addresses. */
  private void collect(ByteBuffer answer, boolean any, int rule, boolean ipv6, long nowNs) {
    count = 0;
    secret = false;
    local = false;
    withheld = false;
    message.rewind();
    while (count < MAX_ADDRESSES && message.next() && message.section() == DnsMessage.ANSWER) {
      int record = message.recordType();
      if (message.recordClass() == DnsMessage.IN && (any || record == message.type())) {
        record(record, answer, rule, ipv6, nowNs);
      }
    }
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
      } else {
        withheld |= !isLocal(hi, lo);
      }
    } else if (type == DnsMessage.HTTPS || type == DnsMessage.SVCB) {
      secret = true;
      withheld = true;
    }
  }

  private void address(long hi, long lo, int rule, long nowNs) {
    secret = true;
    if (fakes.inRange(hi, lo)) {
      // Somebody else's fake, or an attack: two names that mean each other's fake would send a
      // packet round and round.
      withheld = true;
      return;
    }
    if (isLocal(hi, lo)) {
      local = true;
      return;
    }
    boolean ipv4 = Addresses.isV4(hi, lo);
    FakePool pool = fakes.pool(ipv4);
    long fake = pool.assign(message.name(), hi, lo, rule, nowNs);
    if (fake == 0) {
      exhausted4 |= ipv4;
      withheld = true;
      return;
    }
    halves[2 * count] = pool.fakeHi();
    halves[2 * count + 1] = fake;
    count++;
  }

  private static boolean isLocal(long hi, long lo) {
    return Addresses.isUnspecified(hi, lo)
        || Addresses.isLoopback(hi, lo)
        || Addresses.isLinkLocal(hi, lo)
        || Addresses.isMulticast(hi, lo)
        || Addresses.isBroadcast(hi, lo);
  }
}
