// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import oasis.flow.NatBehaviour;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Prefix;
import oasis.packet.Tcp;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What an operator changes while flows live, and what they are shown of them. */
@ParameterizedClass
@EnumSource(World.class)
class LiveChangesTest extends EngineRig {
  LiveChangesTest(World world) {
    super(world);
  }

  @Test
  void aNodeThatDrainsCarriesOnWhatLivesAndRefusesWhatBegins() {
    FlowKey key = tcp(5000);
    FlowKey back = connect(key);
    engine.drain(true);
    send(ALICE, syn(tcp(5001)));
    assertThat(out.toUnderlay).isEmpty();
    assertThat(out.replies).as("refused at once").hasSize(1);
    out.replies.clear();
    assertThat(engine.view().info().drops()).containsEntry("DRAINING", 1L);
    send(ALICE, Packets.tcp(key, Tcp.ACK, 2, 2, DATA));
    out.onlySent();
    receive(Packets.tcp(back, Tcp.ACK, 2, 5, DATA));
    out.onlyClient();
    assertThat(engine.view().liveFlows()).isEqualTo(1);
    engine.drain(false);
    send(ALICE, syn(tcp(5001)));
    out.onlySent();
    assertThat(engine.view().liveFlows()).isEqualTo(2);
  }

  @Test
  void otherClientsAndDestinationsHoldFromThenOn() {
    FlowKey key = tcp(5000);
    connect(key);
    engine.policy(config(List.of(Prefix.parse("2600:1::/32")), List.of(80)));
    assertThat(engine.admit(0, 0, 0xffff_c000_0201L, 40001, 1)).as("192.0.2.1").isFalse();
    send(BOB, syn(tcp(5001)));
    assertThat(engine.view().info().drops()).containsEntry("FORBIDDEN_SERVICE", 1L);
    out.replies.clear();
    send(ALICE, Packets.tcp(key, Tcp.ACK, 2, 2, DATA));
    out.onlySent();
  }

  @Test
  void whoIsNoClientAnyMoreIsSentNothing() throws Exception {
    FlowKey back = connect(tcp(5000));
    List<Prefix> others = List.of(Prefix.parse("2600:1::/32"));
    engine.policy(config(others, List.of()));
    receive(Packets.tcp(back, Tcp.ACK, 2, 5, DATA));
    assertThat(out.toClient).isEmpty();
    assertThat(engine.view().info().drops()).containsEntry("NOT_ALLOWED", 1L);
    assertThat(engine.view().clients(9).get(0).drops()).containsEntry("NOT_ALLOWED", 1L);
    engine.policy(config(List.of(Prefix.parse("192.0.2.0/24")), List.of()));
    receive(Packets.tcp(back, Tcp.ACK, 2, 5, DATA));
    out.onlyClient();
    byte[] state = engine.write(now);
    engine = engine(ExitLimits.DEFAULT, List.of());
    engine.policy(config(others, List.of()));
    engine.restore(state, now);
    receive(Packets.tcp(back, Tcp.ACK, 2, 5, DATA));
    assertThat(out.toClient).as("of a node that was restarted").isEmpty();
  }

  @Test
  void whoIsNoPeerAnyMoreIsSentNothingUnlessItMayBeAClient() {
    Client node = new Client("198.51.100.9", 4700);
    Peer peer = Peer.parse("far=198.51.100.9:4700");
    engine.setPeers(List.of(peer), now);
    send(node, Packets.udp(udp(5000, 6000), DATA));
    FlowKey back = key(out.onlySent()).reverse();
    engine.setPeers(List.of(), now);
    receive(Packets.udp(back, DATA));
    assertThat(out.toClient).isEmpty();
    engine.setPeers(List.of(peer), now);
    receive(Packets.udp(back, DATA));
    out.onlyClient();
  }

  @Test
  void aPeersNewAddressHoldsAtOnceAndAfterARestart() throws Exception {
    engine.setPeers(List.of(far("198.51.100.9")), now);
    fromFar("198.51.100.9", 4700);
    assertThat(towardsFar()).isEqualTo("198.51.100.9:4700");
    fromFar("198.51.100.77", 1);
    engine.setPeers(List.of(far("198.51.100.9")), now);
    assertThat(towardsFar()).as("it has moved, its settings have not").endsWith(".77:1");
    engine.setPeers(List.of(far("198.51.100.10")), now);
    assertThat(towardsFar()).isEqualTo("198.51.100.10:4700");
    byte[] state = engine.write(now);
    engine = engine(ExitLimits.DEFAULT, List.of());
    engine.setPeers(List.of(far("198.51.100.11")), now);
    engine.restore(state, now);
    assertThat(towardsFar()).isEqualTo("198.51.100.11:4700");
  }

  private Peer far(String address) {
    String prefix = world.server(8) + (world.v4 ? "/32" : "/128");
    return Peer.parse("far=" + address + ":4700,key:5," + prefix);
  }

  private void fromFar(String address, int port) {
    Burst b = Packets.burst(Packets.udp(udp(5000, 6000), DATA));
    Address from = Address.parse(address);
    engine.onClient(b, 5, from.hi(), from.lo(), port, now);
    out.onlySent();
  }

  /** Where a client's packet goes that is for the peer. */
  private String towardsFar() {
    send(ALICE, Packets.udp(Packets.key(Ip.UDP, world.inner(7), 5000, world.server(8), 9), DATA));
    return out.onlyClient().endpoint();
  }

  @Test
  void flowsAreToldOfWhenTheyBeginAndShownAFewAtATime() {
    for (int i = 0; i < 10; i++) {
      send(ALICE, Packets.udp(udp(5000 + i, 6000), DATA));
    }
    assertThat(out.beganFlows).hasSize(10);
    assertThat(out.beganFlows.get(0).client()).isEqualTo(ALICE.toString());
    assertThat(out.beganFlows.get(0).source()).endsWith(":5000");
    List<Integer> ports = new ArrayList<>();
    int next = 0;
    int rounds = 0;
    while (next >= 0) {
      next = engine.view().visitFlows(next, 3, flow -> ports.add(flow.sourcePort));
      rounds++;
    }
    assertThat(rounds).isEqualTo(4);
    assertThat(ports).hasSize(10).doesNotHaveDuplicates();
  }

  private EngineConfig config(List<Prefix> allowed, List<Integer> closedPorts) {
    return new EngineConfig(
        allowed,
        List.of(),
        closedPorts,
        World.POOL4,
        World.POOL6,
        true,
        World.FIRST_PORT,
        World.LAST_PORT,
        NatBehaviour.GATEWAY,
        1400,
        ExitLimits.DEFAULT,
        7);
  }
}
