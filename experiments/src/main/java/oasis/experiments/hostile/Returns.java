// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import org.jspecify.annotations.Nullable;

/**
 * Decides, apart from the engine, whom a packet from the network may reach: only the client whose
 * own packet went from that external port to that very address and port (address-and-port-dependent
 * filtering), or, for an ICMP error, the one whose packet it quotes.
 */
final class Returns {
  /** Room for three million ports and their remote ends. */
  private static final int BITS = 22;

  private final Counts permits = new Counts(BITS);
  private final Counts firsts = new Counts(16);
  private final Counts owners = new Counts(16);
  private final boolean kernelBehind;
  private final Hash hash = new Hash();
  private final Anatomy in = new Anatomy();
  private long expected;
  private long delivered;

  /**
   * @param kernelBehind whether a kernel comes before the exit node, which lets in only fragments
   *     of datagrams that it has put together, and each client has an address of its own
   */
  Returns(boolean kernelBehind) {
    this.kernelBehind = kernelBehind;
  }

  /** A client's packet has left: from now on its destination may answer. */
  void left(Anatomy p, int sender) {
    owners.put(owner(p, p.source()), sender + 1);
    if (p.offset == 0 && !p.error()) {
      int from = p.source();
      int to = p.destination();
      permits.put(
          key(
              p.bytes(),
              p.addressBytes(),
              p.protocol,
              from,
              p.sourcePort(),
              to,
              p.destinationPort()),
          sender + 1);
    }
  }

  private long key(
      byte[] b, int addressBytes, int protocol, int own, int ownPort, int remote, int remotePort) {
    return hash.begin(protocol)
        .add(b, own, own + addressBytes)
        .add(ownPort)
        .add(b, remote, remote + addressBytes)
        .add(remotePort)
        .get();
  }

  /** A packet comes from the network: whom may it reach? */
  void coming(byte[] b, int length) {
    expected = 0;
    if (!in.read(b, 0, length)) {
      return;
    }
    if (in.offset != 0) {
      expected = kernelBehind ? owners.get(owner(in, in.destination())) : firsts.get(datagram());
    } else if (in.icmp() && in.hasTransport() && in.error()) {
      expected = permits.get(quoted(b, in.transport + 8));
    } else if (in.hasTransport() && (!in.icmp() || in.echoReply())) {
      int port = in.icmp() ? in.sourcePort() : in.destinationPort();
      int remotePort = in.icmp() ? 0 : in.sourcePort();
      expected =
          permits.get(
              key(
                  b,
                  in.addressBytes(),
                  in.protocol,
                  in.destination(),
                  port,
                  in.source(),
                  remotePort));
    }
  }

  /** The ends of the packet that an error quotes; its lengths need not be right. */
  private long quoted(byte[] b, int at) {
    boolean v4 = in.version == 4;
    int transport = at + (v4 ? (b[at] & 15) * 4 : 40);
    int protocol = v4 ? b[at + 9] & 0xff : b[at + 6] & 0xff;
    for (int i = 0; !v4 && i < Anatomy.MOST_EXTENSIONS && Anatomy.isExtension(protocol); i++) {
      if (transport + 8 > in.end) {
        return 0;
      }
      int units = protocol == Anatomy.FRAGMENT_HEADER ? 0 : b[transport + 1] & 0xff;
      protocol = b[transport] & 0xff;
      transport += 8 + 8 * units;
    }
    if (transport + 8 > in.end) {
      return 0;
    }
    boolean icmp = protocol == Anatomy.ICMP || protocol == Anatomy.ICMP6;
    int port = Sums.word(b, icmp ? transport + 4 : transport);
    int remotePort = icmp ? 0 : Sums.word(b, transport + 2);
    int own = v4 ? at + 12 : at + 8;
    return key(b, v4 ? 4 : 16, protocol, own, port, own + (v4 ? 4 : 16), remotePort);
  }

  private long owner(Anatomy p, int address) {
    return hash.begin(p.version).add(p.bytes(), address, address + p.addressBytes()).get();
  }

  private long datagram() {
    return hash.begin(in.id)
        .add(in.bytes(), in.source(), in.source() + 2 * in.addressBytes())
        .add(in.version == 4 ? in.protocol : 0)
        .get();
  }

  /** The packet was delivered to a client; null when it may have been, else what is wrong. */
  @Nullable String delivered(int client) {
    if (expected != client + 1) {
      String whom = expected == 0 ? "nobody" : "client " + (expected - 1);
      return "delivered to client " + client + " instead of " + whom + ": " + in;
    }
    if (in.fragment && in.offset == 0) {
      firsts.put(datagram(), expected);
    }
    delivered++;
    return null;
  }

  /** Forgets fragments; none may be on its way. */
  void forgetFragments() {
    firsts.clear();
  }

  /** Packets that were delivered to whom they may reach. */
  long delivered() {
    return delivered;
  }

  /** The packet that came last. */
  Anatomy in() {
    return in;
  }
}
