// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides, apart from the exit node, what may leave it. Each datagram that is sent is shown to it
 * before: whether it may be forwarded follows from its sender and its bytes. Each packet that left
 * must then be one of those that may, and no more often than it was sent. Packets are recognised by
 * what a translator leaves as it was: destination, protocol and data.
 */
final class Oracle {
  /** Room for a million and a half different datagrams that may be forwarded. */
  private static final int BITS = 21;

  /** Room for half as many connections, and fragments. */
  private static final int FEWER_BITS = 20;

  /** How many datagrams with one and the same fragment are told apart. */
  private static final int ALIKE = 8;

  private final Policy policy;
  private final List<Sender> senders;
  private final boolean kernelBehind;
  private final Anatomy anatomy = new Anatomy();
  private final Anatomy left = new Anatomy();
  private final Hash hash = new Hash();

  /** How often what may leave was sent, and how often it left. */
  private final Counts sent = new Counts(BITS);

  private final Counts seen = new Counts(BITS);

  /** TCP connections that their client has opened. */
  private final Counts opened = new Counts(FEWER_BITS);

  /** Fragmented datagrams whose first fragment may leave; and which one each later one needs. */
  private final Counts firsts = new Counts(FEWER_BITS);

  private final Counts needs = new Counts(FEWER_BITS);
  private long allowed;
  private long explained;

  /**
   * @param senders who sends, by number
   * @param kernelBehind whether a kernel comes behind the exit node, which counts hops and puts
   *     fragments together: one without its first gets no further
   */
  Oracle(Policy policy, List<Sender> senders, boolean kernelBehind) {
    this.policy = policy;
    this.kernelBehind = kernelBehind;
    this.senders = List.copyOf(senders);
  }

  /**
   * Notes a datagram before it is sent.
   *
   * @return whether it may be forwarded
   */
  boolean expect(byte[] b, int length, int sender) {
    if (!mayLeave(b, length, sender)) {
      return false;
    }
    allowed++;
    sent.count(essence(anatomy));
    return true;
  }

  private boolean mayLeave(byte[] b, int length, int sender) {
    Anatomy p = anatomy;
    if (!senders.get(sender).allowed() || !p.read(b, 0, length) || !policy.permits(p)) {
      return false;
    }
    if (!Policy.host(b, p.source(), p.addressBytes())) {
      return false;
    }
    if (!kernelBehind && p.hops <= 1) {
      return false;
    }
    if (p.offset != 0) {
      need(essence(p), datagram(p, sender));
      return true;
    }
    if (!p.hasTransport() || !p.fragment && !p.checksumRight() || !mayBeCarried(p, sender)) {
      return false;
    }
    if (p.fragment) {
      firsts.put(datagram(p, sender), 1);
    }
    return true;
  }

  /** Fragments of several datagrams may look alike when they have left. */
  private void need(long essence, long datagram) {
    for (int i = 0; i < ALIKE; i++) {
      long before = needs.get(essence + i);
      if (before == 0 || before == datagram) {
        needs.put(essence + i, datagram);
        return;
      }
    }
  }

  private boolean hasFirst(long essence) {
    for (int i = 0; i < ALIKE; i++) {
      long datagram = needs.get(essence + i);
      if (datagram != 0 && firsts.get(datagram) != 0) {
        return true;
      }
    }
    return false;
  }

  /** RFC 7857 section 2: only a SYN begins a connection; of ICMP only echo requests and errors. */
  private boolean mayBeCarried(Anatomy p, int sender) {
    if (p.protocol == Anatomy.TCP) {
      long connection = connection(p, sender);
      if (p.opens()) {
        opened.put(connection, 1);
      }
      return opened.get(connection) != 0;
    }
    return p.protocol == Anatomy.UDP || p.echoRequest() || p.error();
  }

  private long connection(Anatomy p, int sender) {
    return hash.begin(sender)
        .add(p.bytes(), p.source(), p.source() + 2 * p.addressBytes())
        .add(p.sourcePort())
        .add(p.destinationPort())
        .get();
  }

  /** What fragments of one datagram have in common. */
  private long datagram(Anatomy p, int sender) {
    return hash.begin(sender)
        .add(p.bytes(), p.source(), p.source() + 2 * p.addressBytes())
        .add(p.version == 4 ? p.protocol : 0)
        .add(p.id)
        .get();
  }

  /** What stays when the source is translated and the size of segments is lowered. */
  private long essence(Anatomy p) {
    byte[] b = p.bytes();
    hash.begin(p.protocol)
        .add(b, p.destination(), p.destination() + p.addressBytes())
        .add(p.offset << 1 | (p.more ? 1 : 0));
    if (p.offset != 0) {
      return hash.add(b, p.transport, p.end).get();
    }
    int t = p.transport;
    if (p.icmp() && !p.echoRequest() && !p.echoReply()) {
      return hash.add(b, t, t + 2).get(); // what it quotes is translated
    }
    switch (p.protocol) {
      case Anatomy.TCP -> {
        hash.add(b, t + 2, t + 16);
        int header = (b[t + 12] & 0xff) >>> 4 << 2;
        int data = (p.tcpFlags() & Anatomy.SYN) != 0 ? t + Math.max(20, header) : t + 18;
        hash.add(b, Math.min(data, p.end), p.end);
      }
      case Anatomy.UDP -> hash.add(b, t + 2, t + 6).add(b, t + 8, p.end);
      default -> hash.add(b, t, t + 2).add(b, t + 6, p.end);
    }
    return hash.get();
  }

  /**
   * Judges a packet that left.
   *
   * @param length bytes there are from {@code at}
   * @return null when it may have, else what is wrong with it
   */
  @Nullable String judge(byte[] b, int at, int length) {
    String wrong = judgeAlone(b, at, length);
    if (wrong != null) {
      return wrong;
    }
    if (left.offset == 0 && !left.hasTransport()) {
      return "no whole transport header: " + left;
    }
    long essence = essence(left);
    seen.count(essence);
    if (seen.get(essence) > sent.get(essence)) {
      return "nobody may have sent this, or not so often: " + left;
    }
    if (left.offset != 0 && !kernelBehind && !hasFirst(essence)) {
      return "its first fragment may not leave: " + left;
    }
    explained++;
    return null;
  }

  /** Judges a packet by its headers alone, whoever has sent it. */
  @Nullable String judgeAlone(byte[] b, int at, int length) {
    if (!left.read(b, at, length)) {
      return "no sound packet, of " + length + " bytes";
    }
    return policy.permits(left) ? null : "closed: " + left;
  }

  /** Forgets the datagrams so far; none of them may be on its way, nor a fragment of theirs. */
  void forgetDatagrams() {
    sent.clear();
    seen.clear();
    firsts.clear();
    needs.clear();
  }

  /** The packet judged last. */
  Anatomy left() {
    return left;
  }

  /** Datagrams that might have been forwarded. */
  long allowed() {
    return allowed;
  }

  /** Packets that left and were found among them. */
  long explained() {
    return explained;
  }
}
