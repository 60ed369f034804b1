// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import oasis.flow.FlowRates;
import oasis.flow.NatBehaviour;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** A client that asks for everything, and one that asks for little. */
@ParameterizedClass
@EnumSource(World.class)
class FairnessTest extends EngineRig {
  FairnessTest(World world) {
    super(world);
  }

  @Test
  void whenTheTableIsFullTheClientWithMostPendingFlowsGivesWay() {
    engine = engine(new ExitLimits(10, 8, 6, 6, 1000), List.of());
    FlowKey back = connect(tcp(5000));
    for (int port = 1; port <= 5; port++) {
      send(ALICE, Packets.udp(udp(port, 6000), DATA));
    }
    out.toUnderlay.clear();
    send(BOB, Packets.echo(world.key(world.icmp(), 77, 77), true, 1));
    FlowKey ping = key(out.onlySent());
    receive(Packets.echo(ping.reverse(), false, 1));
    assertThat(out.onlyClient().endpoint()).isEqualTo(BOB.toString());
    assertThat(out.ended).containsExactly("udp YIELDED");
    assertThat(out.endedFlows.get(0).source()).endsWith("1");
    receive(Packets.tcp(back, Tcp.ACK, 3, 3, DATA));
    assertThat(out.onlyClient().endpoint()).as("what is open").isEqualTo(ALICE.toString());
    assertThat(engine.view().info().flows()).isEqualTo(6);
    assertThat(engine.view().info().drops()).isEmpty();
  }

  @Test
  void theClientWithMostHandshakesGivesWayWhenThereAreTooMany() {
    NatBehaviour nat = NatBehaviour.GATEWAY.with(new FlowRates(100, 100, 3, 3));
    engine = world.engine(new ExitLimits(10, 8, 100, 100, 1000), nat, List.of(), 7, out);
    for (int port = 1; port <= 3; port++) {
      send(ALICE, syn(tcp(port)));
    }
    out.toUnderlay.clear();
    send(BOB, syn(tcp(1)));
    out.onlySent();
    assertThat(out.ended).containsExactly("tcp YIELDED");
    send(BOB, syn(tcp(2)));
    assertThat(engine.view().info().drops()).containsOnly(Map.entry("HANDSHAKE_LIMIT", 1L));
  }

  @Test
  void afterARestartTheSameClientGivesWay() throws Exception {
    ExitLimits limits = new ExitLimits(10, 8, 6, 6, 1000);
    engine = engine(limits, List.of());
    for (int port = 6; port >= 1; port--) {
      send(ALICE, Packets.udp(udp(port, 6000), DATA));
    }
    byte[] state = engine.write(now);
    engine = engine(limits, List.of());
    engine.restore(state, now);
    out.toUnderlay.clear();
    send(BOB, Packets.udp(world.key(Ip.UDP, 9, 9), DATA));
    out.onlySent();
    assertThat(out.ended).containsExactly("udp YIELDED");
    assertThat(out.endedFlows.get(0).source()).endsWith("6");
  }
}
