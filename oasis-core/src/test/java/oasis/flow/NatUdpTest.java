// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static oasis.testkit.Packets.burst;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/** What RFC 4787 asks of UDP. */
class NatUdpTest extends NatRig {
  private static final String OTHER = "198.51.100.1";

  @Test
  void noTwoClientsShareAPort() {
    Set<Integer> ports = new HashSet<>();
    for (int client = 0; client < 1000; client++) {
      assertThat(ports.add(port(udp(5000, REMOTE, 1), client, 0))).isTrue();
    }
  }

  @Test
  void aPortInTheRangeIsKeptWhileItIsFree() {
    assertThat(port(udp(61007, REMOTE, 1), 1, 0)).isEqualTo(61007);
    int other = port(udp(61007, REMOTE, 1), 2, 0);
    assertThat(other).isNotEqualTo(61007);
    assertThat(other & 1).as("parity").isEqualTo(1);
    assertThat(port(tcp(61007, REMOTE, 80), 1, Tcp.SYN)).isEqualTo(61007);
    FlowKey echo = Packets.key(Ip.ICMP, HOST, 61007, REMOTE, 61007);
    assertThat(key(sent(Packets.echo(echo, true, 1), 1)).sport()).isEqualTo(61007);
  }

  @Test
  void withAllPortsEveryPortIsKept() {
    nat = engine(new NatLimits(1, 65535, 100, 100, 10), NatBehaviour.GATEWAY);
    for (int port : new int[] {1, 53, 1023, 1024, 40000, 65535}) {
      assertThat(port(udp(port, REMOTE, 1), 1, 0)).isEqualTo(port);
    }
  }

  @Test
  void aPortOutsideTheRangeKeepsItsParity() {
    for (int sport = 5000; sport < 5100; sport++) {
      assertThat(port(udp(sport, REMOTE, 1), 1, 0) & 1).isEqualTo(sport & 1);
      assertThat(port(tcp(sport, REMOTE, 1), 1, Tcp.SYN) & 1).isEqualTo(sport & 1);
    }
  }

  @Test
  void portsCannotBeForetold() {
    Set<Integer> steps = new HashSet<>();
    int last = port(udp(5000, REMOTE, 1), 1, 0);
    for (int i = 1; i <= 50; i++) {
      int port = port(udp(5000 + 2 * i, REMOTE, 1), 1, 0);
      steps.add(port - last);
      last = port;
    }
    assertThat(steps).hasSizeGreaterThan(40);
  }

  @Test
  void outboundPacketsKeepAMappingAlive() {
    int port = port(udp(5000, REMOTE, 1), 1, 0);
    for (int i = 0; i < 10; i++) {
      now += 119 * SECOND;
      expireAll();
      assertThat(port(udp(5000, REMOTE, 1), 1, 0)).isEqualTo(port);
    }
  }

  @Test
  void answersKeepAMappingAlive() {
    int port = port(udp(5000, REMOTE, 1), 1, 0);
    for (int i = 0; i < 10; i++) {
      assertThat(in(answer(Ip.UDP, REMOTE, 1, port), 0)).isEqualTo(1);
      now += 299 * SECOND;
    }
  }

  @Test
  void anotherSessionKeepsTheMappingWhenOneEnds() {
    int port = port(udp(5000, REMOTE, 53), 1, 0);
    port(udp(5000, OTHER, 1), 1, 0);
    now += 60 * SECOND;
    expireAll();
    assertThat(nat.sessions()).isEqualTo(1);
    assertThat(port(udp(5000, REMOTE, 53), 1, 0)).isEqualTo(port);
  }

  @Test
  void aClientMayHaveTheAddressOfItsDestination() {
    FlowKey key = Packets.key(Ip.UDP, REMOTE, 5000, REMOTE, 5000);
    FlowKey outside = outside(key, 3, 0);
    assertThat(outside.srcLo).isNotEqualTo(key.srcLo);
    Burst back = burst(Packets.udp(outside.reverse(), DATA));
    assertThat(nat.inbound(back, now)).isEqualTo(3);
    assertThat(key(back)).usingRecursiveComparison().isEqualTo(key.reverse());
  }

  @Test
  void filteringByAddressAndPortLetsInWhomTheClientHasSentTo() {
    int port = port(udp(5000, REMOTE, 1), 1, 0);
    assertThat(in(answer(Ip.UDP, REMOTE, 2, port), 0)).isEqualTo(-1);
    assertThat(nat.lastDrop()).isEqualTo(DropReason.NO_FLOW);
    out(udp(5000, REMOTE, 2), 1, 0);
    assertThat(in(answer(Ip.UDP, REMOTE, 2, port), 0)).isEqualTo(1);
  }

  @Test
  void filteringByAddressLetsInEveryPortOfAHostThatTheClientHasSentTo() {
    nat = engine(LIMITS, filtering(NatBehaviour.Filtering.ADDRESS));
    int port = port(udp(5000, REMOTE, 53), 1, 0);
    assertThat(in(answer(Ip.UDP, OTHER, 1, port), 0)).isEqualTo(-1);
    assertThat(nat.lastDrop()).isEqualTo(DropReason.NO_FLOW);
    assertThat(in(answer(Ip.UDP, REMOTE, 2, port), 0)).isEqualTo(1);
    now += 60 * SECOND;
    expireAll();
    assertThat(nat.sessions()).as("the stranger's").isEqualTo(1);
    now += 60 * SECOND;
    assertThat(in(answer(Ip.UDP, REMOTE, 2, port), 0)).isEqualTo(-1);
  }

  @Test
  void endpointIndependentFilteringLetsInEverybody() {
    nat = engine(LIMITS, filtering(NatBehaviour.Filtering.ENDPOINT_INDEPENDENT));
    int port = port(udp(5000, REMOTE, 1), 1, 0);
    assertThat(in(answer(Ip.UDP, OTHER, 7, port), 0)).isEqualTo(1);
    assertThat(in(answer(Ip.UDP, OTHER, 7, port ^ 1), 0)).isEqualTo(-1);
    assertThat(nat.lastDrop()).as("no mapping").isNull();
    assertThat(in(answer(Ip.TCP, OTHER, 7, port), Tcp.SYN)).as("protocols apart").isEqualTo(-1);
  }

  @Test
  void strangersAloneDoNotKeepAMappingAlive() {
    nat = engine(LIMITS, filtering(NatBehaviour.Filtering.ENDPOINT_INDEPENDENT));
    int port = port(udp(5000, REMOTE, 53), 1, 0);
    assertThat(in(answer(Ip.UDP, OTHER, 7, port), 0)).isEqualTo(1);
    now += 119 * SECOND;
    assertThat(in(answer(Ip.UDP, OTHER, 7, port), 0)).isEqualTo(1);
    now += SECOND;
    expireAll();
    assertThat(nat.mappings()).isZero();
  }

  @Test
  void aStrangerWhomTheClientAnswersIsASession() {
    nat = engine(LIMITS, filtering(NatBehaviour.Filtering.ENDPOINT_INDEPENDENT));
    int port = port(udp(5000, REMOTE, 53), 1, 0);
    in(answer(Ip.UDP, OTHER, 7, port), 0);
    out(udp(5000, OTHER, 7), 1, 0);
    now += 299 * SECOND;
    assertThat(in(answer(Ip.UDP, OTHER, 7, port), 0)).isEqualTo(1);
  }

  @Test
  void behaviourDoesNotChangeWithLoad() {
    nat = engine(new NatLimits(61000, 61099, 1000, 1000, 10), NatBehaviour.GATEWAY);
    int first = port(udp(5000, REMOTE, 1), 1, 0);
    for (int i = 1; i < 100; i++) {
      out(udp(5000 + i, REMOTE, 1), 1, 0);
    }
    assertThat(out(udp(6000, REMOTE, 1), 2, 0)).isEqualTo(DropReason.NAT_FULL);
    assertThat(port(udp(5000, OTHER, 9), 1, 0)).as("mapping").isEqualTo(first);
    assertThat(in(answer(Ip.UDP, OTHER, 10, first), 0)).as("filtering").isEqualTo(-1);
  }

  @Test
  void icmpErrorsDoNotEndAMapping() {
    FlowKey key = udp(5000, REMOTE, 1);
    Burst sent = sent(packet(key, 0), 1);
    byte[] about = Packets.bytes(sent);
    int port = key(sent).sport();
    for (int type : new int[] {3, 11, 12}) {
      for (int code = 0; code < 16; code++) {
        nat.inbound(burst(error(OTHER, EXTERNAL, type, code, about)), now);
        now += 2_000_000;
      }
    }
    assertThat(in(answer(Ip.UDP, REMOTE, 1, port), 0)).isEqualTo(1);
  }
}
