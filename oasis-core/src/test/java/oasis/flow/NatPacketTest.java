// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static oasis.testkit.Packets.burst;
import static oasis.testkit.Packets.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/** What comes out of the NAT engine, byte for byte, against packets built afresh. */
class NatPacketTest {
  private static final long NOW = 5;
  private static final String[] HOSTS = {"10.0.0.5", "fd00::5"};
  private static final String[] REMOTES = {"192.0.2.9", "2001:db8:9::9"};
  private static final String[] ROUTERS = {"198.51.100.7", "2001:db8:7::7"};
  private static final String[] EXTERNALS = {"203.0.113.1", "2001:db8::1"};

  private NatEngine nat = engine(42);

  private static NatEngine engine(long seed) {
    NatEngine nat = new NatEngine(new NatLimits(61000, 64999, 10_000, 5000, 100), seed);
    Address six = Address.parse(EXTERNALS[1]);
    nat.setExternal4(Address.parse(EXTERNALS[0]).lo());
    nat.setExternal6(six.hi(), six.lo());
    return nat;
  }

  /** One flow: what its packets look like inside and outside. */
  private record Flow(int family, int protocol, int sport, int dport) {
    static Flow random(Gen gen) {
      int family = gen.below(2);
      int protocol = gen.pick(Ip.TCP, Ip.UDP, family == 0 ? Ip.ICMP : Ip.ICMP6);
      return new Flow(family, protocol, gen.below(65536), gen.below(65536));
    }

    boolean echo() {
      return protocol == Ip.ICMP || protocol == Ip.ICMP6;
    }

    FlowKey key(String source, int port) {
      return Packets.key(protocol, source, port, REMOTES[family], echo() ? port : dport);
    }

    FlowKey inside() {
      return key(HOSTS[family], sport);
    }

    FlowKey outside(int port) {
      return key(EXTERNALS[family], port);
    }

    ByteBuffer packet(FlowKey key, boolean outbound, int flags, byte[] data) {
      return switch (protocol) {
        case Ip.TCP -> Packets.tcp(key, flags, 77, 88, data);
        case Ip.UDP -> Packets.udp(key, data);
        default -> Packets.echo(key, outbound, data.length);
      };
    }
  }

  private static byte[] array(ByteBuffer packet) {
    byte[] bytes = new byte[packet.capacity()];
    packet.get(0, bytes);
    return bytes;
  }

  private int open(Flow flow, int client, byte[] data) {
    Burst b = burst(flow.packet(flow.inside(), true, Tcp.SYN, data));
    assertThat(nat.outbound(b, client, NOW)).isNull();
    int port = new FlowKey().of(b).sport();
    assertThat(bytes(b)).isEqualTo(array(flow.packet(flow.outside(port), true, Tcp.SYN, data)));
    return port;
  }

  @Test
  void aTranslatedPacketIsTheOneThatTheExternalAddressWouldHaveSent() {
    Gen.cases(
        400,
        gen -> {
          Flow flow = Flow.random(gen);
          byte[] data = gen.bytes(gen.below(200));
          int port = open(flow, 3, data);
          Burst back =
              burst(flow.packet(flow.outside(port).reverse(), false, Tcp.SYN | Tcp.ACK, data));
          assertThat(nat.inbound(back, NOW)).isEqualTo(3);
          assertThat(bytes(back))
              .isEqualTo(
                  array(flow.packet(flow.inside().reverse(), false, Tcp.SYN | Tcp.ACK, data)));
        });
  }

  private static ByteBuffer error(
      int family, String from, String to, int type, int code, byte[] quoted) {
    int protocol = family == 0 ? Ip.ICMP : Ip.ICMP6;
    ByteBuffer rest = ByteBuffer.allocate(4 + quoted.length).putInt(1400).put(quoted);
    return Packets.icmp(Packets.key(protocol, from, 0, to, 0), type, code, rest.array());
  }

  private static int errorType(Gen gen, int family) {
    return family == 0 ? gen.pick(3, 11, 12) : gen.pick(1, 2, 3, 4);
  }

  @Test
  void anErrorAboutAPacketThatWentOutQuotesItAsItsClientSentIt() {
    Gen.cases(
        200,
        gen -> {
          Flow flow = Flow.random(gen);
          int family = flow.family;
          nat = engine(gen.anyLong());
          byte[] data = gen.bytes(gen.below(100));
          int port = open(flow, 9, data);
          int type = errorType(gen, family);
          byte[] quoted = array(flow.packet(flow.outside(port), true, Tcp.SYN, data));
          byte[] original = array(flow.packet(flow.inside(), true, Tcp.SYN, data));
          Burst b = burst(error(family, ROUTERS[family], EXTERNALS[family], type, 0, quoted));
          assertThat(nat.inbound(b, NOW)).isEqualTo(9);
          assertThat(bytes(b))
              .isEqualTo(array(error(family, ROUTERS[family], HOSTS[family], type, 0, original)));
        });
  }

  @Test
  void anErrorFromAClientQuotesThePacketAsTheRemoteEndSentIt() {
    Gen.cases(
        40,
        gen -> {
          Flow flow = new Flow(gen.below(2), gen.pick(Ip.UDP, Ip.TCP), gen.below(65536), 9);
          int family = flow.family;
          nat = engine(gen.anyLong());
          byte[] data = gen.bytes(gen.below(100));
          int port = open(flow, 9, data);
          byte[] got = array(flow.packet(flow.inside().reverse(), false, Tcp.ACK, data));
          byte[] sent = array(flow.packet(flow.outside(port).reverse(), false, Tcp.ACK, data));
          int type = family == 0 ? 3 : 1;
          Burst b = burst(error(family, HOSTS[family], REMOTES[family], type, 3, got));
          assertThat(nat.outbound(b, 8, NOW)).isEqualTo(DropReason.NO_FLOW);
          assertThat(nat.outbound(b, 9, NOW)).isNull();
          assertThat(bytes(b))
              .isEqualTo(array(error(family, EXTERNALS[family], REMOTES[family], type, 3, sent)));
        });
  }

  @Test
  void errorsAreRateLimited() {
    Flow flow = new Flow(0, Ip.UDP, 5000, 80);
    int port = open(flow, 1, new byte[8]);
    byte[] quoted = array(flow.packet(flow.outside(port), true, 0, new byte[8]));
    int passed = 0;
    for (int i = 0; i < 1000; i++) {
      Burst b = burst(error(0, ROUTERS[0], EXTERNALS[0], 3, 1, quoted));
      passed += nat.inbound(b, NOW) == 1 ? 1 : 0;
    }
    assertThat(passed).isEqualTo(50);
    assertThat(nat.lastDrop()).isEqualTo(DropReason.RATE_LIMITED);
    long later = NOW + 1_000_000;
    assertThat(nat.inbound(burst(error(0, ROUTERS[0], EXTERNALS[0], 3, 1, quoted)), later))
        .isEqualTo(1);
  }

  @Test
  void anErrorAboutAPacketThatNobodySentIsRefused() {
    Flow flow = new Flow(0, Ip.UDP, 5000, 80);
    int port = open(flow, 1, new byte[8]);
    FlowKey other = Packets.key(Ip.UDP, EXTERNALS[0], port, REMOTES[0], 81);
    byte[] quoted = array(Packets.udp(other, new byte[8]));
    Burst b = burst(error(0, ROUTERS[0], EXTERNALS[0], 3, 1, quoted));
    assertThat(nat.inbound(b, NOW)).isEqualTo(-1);
    assertThat(nat.lastDrop()).isEqualTo(DropReason.NO_FLOW);
    byte[] hosts = array(Packets.udp(Packets.key(Ip.UDP, EXTERNALS[0], 22, REMOTES[0], 1), quoted));
    Burst foreign = burst(error(0, ROUTERS[0], EXTERNALS[0], 3, 1, hosts));
    assertThat(nat.inbound(foreign, NOW)).isEqualTo(-1);
    assertThat(nat.lastDrop()).isNull();
  }

  @Test
  void aRedirectIsNotPassedOn() {
    Flow flow = new Flow(0, Ip.UDP, 5000, 80);
    int port = open(flow, 1, new byte[8]);
    byte[] quoted = array(flow.packet(flow.outside(port), true, 0, new byte[8]));
    Burst b = burst(error(0, ROUTERS[0], EXTERNALS[0], 5, 1, quoted));
    assertThat(nat.inbound(b, NOW)).isEqualTo(-1);
    assertThat(nat.lastDrop()).isEqualTo(DropReason.UNSUPPORTED_PROTOCOL);
  }
}
