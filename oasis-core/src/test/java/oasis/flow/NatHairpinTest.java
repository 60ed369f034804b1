// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static oasis.testkit.Packets.burst;
import static oasis.testkit.Packets.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Icmp;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/** Clients that reach each other by their external addresses. */
class NatHairpinTest extends NatRig {
  private static final String OTHER_HOST = "10.7.7.7";

  /** From a host inside to an external port. */
  private static FlowKey to(int protocol, String host, int sport, int port) {
    return Packets.key(protocol, host, sport, EXTERNAL, port);
  }

  /** Lets clients 1 (HOST) and 2 (OTHER_HOST) have a mapping each. */
  private int[] two(int protocol, int flags) {
    int one = port(Packets.key(protocol, HOST, 5000, REMOTE, 80), 1, flags);
    int two = port(Packets.key(protocol, OTHER_HOST, 6000, REMOTE, 80), 2, flags);
    return new int[] {one, two};
  }

  @Test
  void clientsThatSendToEachOtherMeet() {
    int[] port = two(Ip.UDP, 0);
    assertThat(out(to(Ip.UDP, HOST, 5000, port[1]), 1, 0)).isEqualTo(DropReason.FILTERED);
    Burst b = sent(packet(to(Ip.UDP, OTHER_HOST, 6000, port[0]), 0), 2);
    assertThat(nat.hairpin()).isEqualTo(1);
    assertThat(key(b))
        .usingRecursiveComparison()
        .as("external source, inner destination")
        .isEqualTo(Packets.key(Ip.UDP, EXTERNAL, port[1], HOST, 5000));
    Packets.assertChecksums(bytes(b));
    Burst back = sent(packet(to(Ip.UDP, HOST, 5000, port[1]), 0), 1);
    assertThat(nat.hairpin()).isEqualTo(2);
    assertThat(key(back))
        .usingRecursiveComparison()
        .isEqualTo(Packets.key(Ip.UDP, EXTERNAL, port[0], OTHER_HOST, 6000));
  }

  @Test
  void tcpMeetsByOpeningAtTheSameTime() {
    int[] port = two(Ip.TCP, Tcp.SYN);
    assertThat(out(to(Ip.TCP, HOST, 5000, port[1]), 1, Tcp.SYN)).isEqualTo(DropReason.FILTERED);
    sent(packet(to(Ip.TCP, OTHER_HOST, 6000, port[0]), Tcp.SYN), 2);
    assertThat(nat.hairpin()).isEqualTo(1);
    sent(packet(to(Ip.TCP, HOST, 5000, port[1]), Tcp.SYN | Tcp.ACK), 1);
    assertThat(nat.hairpin()).isEqualTo(2);
    Burst b = sent(packet(to(Ip.TCP, OTHER_HOST, 6000, port[0]), Tcp.ACK), 2);
    assertThat(nat.hairpin()).isEqualTo(1);
    Packets.assertChecksums(bytes(b));
  }

  @Test
  void aClientReachesAPortOfItsOwnFromAnother() {
    int port = port(udp(5000, REMOTE, 80), 1, 0);
    Burst b = sent(packet(to(Ip.UDP, HOST, 5001, port), 0), 1);
    assertThat(nat.hairpin()).isEqualTo(1);
    assertThat(key(b).dport()).isEqualTo(5000);
    assertThat(key(b).srcLo).isEqualTo(Address.parse(EXTERNAL).lo());
    Burst self = sent(packet(to(Ip.UDP, HOST, 5000, port), 0), 1);
    assertThat(nat.hairpin()).isEqualTo(1);
    assertThat(key(self).sport()).as("from its own mapping to itself").isEqualTo(port);
  }

  @Test
  void withOpenFilteringOneSideIsEnough() {
    nat = engine(LIMITS, filtering(NatBehaviour.Filtering.ENDPOINT_INDEPENDENT));
    int[] port = two(Ip.UDP, 0);
    sent(packet(to(Ip.UDP, HOST, 5000, port[1]), 0), 1);
    assertThat(nat.hairpin()).isEqualTo(2);
  }

  @Test
  void anAddressOfOursWithoutAMappingIsClosed() {
    int port = port(udp(5000, REMOTE, 80), 1, 0);
    FlowKey none = to(Ip.UDP, HOST, 5001, port ^ 1);
    assertThat(nat.hairpins(burst(packet(none, 0)))).isFalse();
    assertThat(out(none, 1, 0)).isEqualTo(DropReason.FORBIDDEN_DESTINATION);
    assertThat(nat.hairpins(burst(packet(to(Ip.UDP, HOST, 5001, port), 0)))).isTrue();
    FlowKey echo = Packets.key(Ip.ICMP, HOST, port, EXTERNAL, port);
    assertThat(nat.outbound(burst(Packets.echo(echo, true, 1)), 1, now))
        .isEqualTo(DropReason.FORBIDDEN_DESTINATION);
  }

  @Test
  void aHostThatTranslatesForItselfTurnsNothingBack() {
    nat = engine(LIMITS, NatBehaviour.OWN_HOST);
    int port = port(udp(5000, REMOTE, 80), 1, 0);
    assertThat(out(to(Ip.UDP, HOST, 5001, port), 1, 0)).isEqualTo(DropReason.FORBIDDEN_DESTINATION);
  }

  @Test
  void anIcmpErrorTurnsBackWithBothPacketsTranslated() {
    int[] port = two(Ip.UDP, 0);
    out(to(Ip.UDP, HOST, 5000, port[1]), 1, 0);
    sent(packet(to(Ip.UDP, OTHER_HOST, 6000, port[0]), 0), 2);
    Burst got = sent(packet(to(Ip.UDP, HOST, 5000, port[1]), 0), 1);
    Burst error = sent(error(OTHER_HOST, EXTERNAL, 3, 3, bytes(got)), 2);
    assertThat(nat.hairpin()).isEqualTo(1);
    Packets.assertChecksums(bytes(error));
    FlowKey outer = key(error);
    assertThat(outer.srcLo).isEqualTo(Address.parse(EXTERNAL).lo());
    assertThat(outer.dstLo).isEqualTo(Address.parse(HOST).lo());
    int quoted = error.transport() + Icmp.BYTES;
    assertThat(Ip.srcLo(error.buffer(), quoted)).isEqualTo(outer.dstLo);
    assertThat(Ip.dstLo(error.buffer(), quoted)).isEqualTo(outer.srcLo);
    assertThat(error.buffer().getShort(quoted + 20)).isEqualTo((short) 5000);
    assertThat(error.buffer().getShort(quoted + 22)).isEqualTo((short) port[1]);
  }

  @Test
  void whatTurnsBackIsThePacketThatTheExternalAddressWouldHaveSent() {
    Gen.cases(
        300,
        gen -> {
          boolean v4 = gen.flip();
          int protocol = gen.pick(Ip.UDP, Ip.TCP);
          nat = engine(LIMITS, NatBehaviour.GATEWAY);
          String external = v4 ? EXTERNAL : EXTERNAL6;
          String[] host = {v4 ? HOST : "fd00::5", v4 ? OTHER_HOST : "fd00::7"};
          String remote = v4 ? REMOTE : "2001:db8:9::9";
          byte[] data = gen.bytes(gen.below(60));
          int sport = gen.range(1, 0xffff);
          FlowKey first = Packets.key(protocol, host[0], sport, remote, 9);
          FlowKey second = Packets.key(protocol, host[1], 6000, remote, 9);
          int one = port(first, 1, Tcp.SYN);
          int two = port(second, 2, Tcp.SYN);
          out(Packets.key(protocol, host[1], 6000, external, one), 2, Tcp.SYN);
          FlowKey there = Packets.key(protocol, host[0], sport, external, two);
          Burst b =
              sent(
                  protocol == Ip.TCP
                      ? Packets.tcp(there, Tcp.SYN, 5, 6, data)
                      : Packets.udp(there, data),
                  1);
          assertThat(nat.hairpin()).isEqualTo(2);
          FlowKey seen = Packets.key(protocol, external, one, host[1], 6000);
          assertThat(bytes(b))
              .isEqualTo(
                  array(
                      protocol == Ip.TCP
                          ? Packets.tcp(seen, Tcp.SYN, 5, 6, data)
                          : Packets.udp(seen, data)));
        });
  }
}
