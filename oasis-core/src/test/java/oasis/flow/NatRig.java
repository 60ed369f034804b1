// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static oasis.testkit.Packets.burst;
import static oasis.testkit.Packets.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.Packets;
import org.jspecify.annotations.Nullable;

/** A translator for many clients, and how to talk to it. */
class NatRig {
  static final long SECOND = 1_000_000_000L;
  static final String HOST = "10.0.0.5";
  static final String REMOTE = "192.0.2.9";
  static final String EXTERNAL = "203.0.113.1";
  static final String EXTERNAL6 = "2001:db8::1";
  static final byte[] DATA = {1, 2, 3};
  static final NatLimits LIMITS = new NatLimits(61000, 64999, 10_000, 5000, 1000);

  final List<Integer> lost = new ArrayList<>();
  long now = 1000 * SECOND;
  NatEngine nat = engine(LIMITS, NatBehaviour.GATEWAY);

  final NatEngine engine(NatLimits limits, NatBehaviour behaviour) {
    return engine(limits, behaviour, EXTERNAL, EXTERNAL6);
  }

  final NatEngine engine(NatLimits limits, NatBehaviour behaviour, String... external) {
    NatObserver observer =
        new NatObserver() {
          @Override
          public void fragmentLost(int client) {
            lost.add(client);
          }
        };
    NatEngine engine = new NatEngine(limits, behaviour, 42, observer);
    engine.holdFragmentsIn(ByteBuffer.allocateDirect(NatEngine.FRAGMENT_BYTES), 0);
    engine.setExternal(true, addresses(true, external));
    engine.setExternal(false, addresses(false, external));
    return engine;
  }

  static List<Address> addresses(boolean v4, String... texts) {
    return Stream.of(texts).map(Address::parse).filter(each -> each.isV4() == v4).toList();
  }

  static NatBehaviour filtering(NatBehaviour.Filtering filtering) {
    return new NatBehaviour(filtering, true, true, FlowRates.UNLIMITED, NatTimeouts.DEFAULT);
  }

  static ByteBuffer packet(FlowKey key, int tcpFlags) {
    return key.protocol() == Ip.TCP
        ? Packets.tcp(key, tcpFlags, 1, 2, DATA)
        : Packets.udp(key, DATA);
  }

  static FlowKey tcp(int sport, String dst, int dport) {
    return Packets.key(Ip.TCP, HOST, sport, dst, dport);
  }

  static FlowKey udp(int sport, String dst, int dport) {
    return Packets.key(Ip.UDP, HOST, sport, dst, dport);
  }

  /** From a remote end to an external port. */
  static FlowKey answer(int protocol, String from, int sport, int port) {
    return Packets.key(protocol, from, sport, EXTERNAL, port);
  }

  static FlowKey key(Burst b) {
    return new FlowKey().of(b);
  }

  final @Nullable DropReason out(FlowKey key, int client, int flags) {
    return nat.outbound(burst(packet(key, flags)), client, now);
  }

  final int in(FlowKey key, int flags) {
    return nat.inbound(burst(packet(key, flags)), now);
  }

  /** Sends a packet out and returns it translated. */
  final Burst sent(ByteBuffer packet, int client) {
    Burst b = burst(packet);
    assertThat(nat.outbound(b, client, now)).isNull();
    return b;
  }

  /** Sends a packet out and returns what the remote end sees. */
  final FlowKey outside(FlowKey key, int client, int flags) {
    return key(sent(packet(key, flags), client));
  }

  final int port(FlowKey key, int client, int flags) {
    return outside(key, client, flags).sport();
  }

  /** Opens a TCP connection of client 1 and returns its external port. */
  final int connect(int sport) {
    int port = port(tcp(sport, REMOTE, 80), 1, Tcp.SYN);
    assertThat(in(answer(Ip.TCP, REMOTE, 80, port), Tcp.SYN | Tcp.ACK)).isEqualTo(1);
    assertThat(out(tcp(sport, REMOTE, 80), 1, Tcp.ACK)).isNull();
    return port;
  }

  final NatState state() {
    NatRecord session = new NatRecord();
    nat.read(nat.nextSession(0), session);
    return session.state;
  }

  final void expireAll() {
    while (nat.nextDeadlineNs() <= now) {
      nat.expire(now);
    }
  }

  /** An ICMP error with a packet inside. */
  static ByteBuffer error(String from, String to, int type, int code, byte[] about) {
    int protocol = Address.parse(to).isV4() ? Ip.ICMP : Ip.ICMP6;
    ByteBuffer rest = ByteBuffer.allocate(4 + about.length).put(4, about);
    return Packets.icmp(Packets.key(protocol, from, 0, to, 0), type, code, rest.array());
  }

  static byte[] array(ByteBuffer packet) {
    return bytes(burst(packet));
  }
}
