// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import oasis.packet.Address;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.Packets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a key changes for the engine: it is the client, wherever it sends from. */
class KeyedClientTest {
  private static final Address HOME = Address.parse("198.51.100.7");
  private static final Address AWAY = Address.parse("2600:77::7");

  /** A rig whose clients have keys. */
  private static final class Rig extends EngineRig {
    Rig(World world) {
      super(world);
    }

    void send(int key, Address from, int port, ByteBuffer packet) {
      engine.onClient(Packets.burst(packet), key, from.hi(), from.lo(), port, now);
    }
  }

  @ParameterizedTest
  @EnumSource(World.class)
  void itsFlowsGoOnFromAnotherAddress(World world) {
    Rig rig = new Rig(world);
    FlowKey flow = rig.tcp(5000);
    rig.send(7, HOME, 4000, EngineRig.syn(flow));
    FlowKey back = EngineRig.key(rig.out.onlySent()).reverse();
    rig.receive(Packets.tcp(back, Tcp.SYN | Tcp.ACK, 1, 2, new byte[0]));
    assertThat(rig.out.onlyClient().endpoint()).isEqualTo("198.51.100.7:4000");
    rig.send(7, AWAY, 4001, Packets.tcp(flow, Tcp.ACK, 2, 2, new byte[0]));
    assertThat(EngineRig.key(rig.out.onlySent()).reverse().dport()).isEqualTo(back.dport());
    rig.receive(Packets.tcp(back, Tcp.ACK, 2, 2, EngineRig.DATA));
    RecordingEffects.ToClient got = rig.out.onlyClient();
    assertThat(got.endpoint()).isEqualTo("[2600:77::7]:4001");
    assertThat(got.keyId()).isEqualTo(7);
    assertThat(rig.engine.view().keyId(got.client())).isEqualTo(7);
    assertThat(rig.engine.view().isPeer(got.client())).isFalse();
    assertThat(rig.engine.view().clients(9))
        .singleElement()
        .satisfies(client -> assertThat(client.key()).isEqualTo(7));
    assertThat(rig.engine.view().info().flows()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(World.class)
  void aKeepAliveMovesItToo(World world) {
    Rig rig = new Rig(world);
    FlowKey flow = rig.udp(5000, 9);
    rig.send(7, HOME, 4000, Packets.udp(flow, EngineRig.DATA));
    FlowKey back = EngineRig.key(rig.out.onlySent()).reverse();
    rig.engine.onKeepAlive(7, AWAY.hi(), AWAY.lo(), 9, 0);
    assertThat(rig.out.keepAlives).containsExactly("[2600:77::7]:9");
    rig.receive(Packets.udp(back, EngineRig.DATA));
    assertThat(rig.out.onlyClient().endpoint()).isEqualTo("[2600:77::7]:9");
  }

  @ParameterizedTest
  @EnumSource(World.class)
  void twoKeysBehindOneAddressAreTwoClients(World world) {
    Rig rig = new Rig(world);
    FlowKey flow = rig.udp(5000, 9);
    for (int key : new int[] {7, 8, 0}) {
      Address from = Address.parse("192.0.2.1");
      rig.send(key, from, 4000, Packets.udp(flow, EngineRig.DATA));
      rig.out.onlySent();
    }
    assertThat(rig.engine.view().info().clients()).isEqualTo(3);
    assertThat(rig.engine.view().info().flows()).isEqualTo(3);
    assertThat(rig.engine.view().flows(9, rig.now)).extracting(FlowInfo::source).hasSize(3);
  }

  @ParameterizedTest
  @EnumSource(World.class)
  void aKeyIsAdmittedFromAnyAddressAndNoKeyIsNot(World world) {
    Rig rig = new Rig(world);
    assertThat(rig.engine.admit(7, HOME.hi(), HOME.lo(), 4000, 1)).isTrue();
    assertThat(rig.engine.admit(0, HOME.hi(), HOME.lo(), 4000, 2)).isFalse();
    assertThat(rig.engine.view().info().drops()).containsEntry("NOT_ALLOWED", 2L);
  }

  @ParameterizedTest
  @EnumSource(World.class)
  void itIsBoundToItsFirstInnerAddressesWhereverItGoes(World world) {
    Rig rig = new Rig(world);
    rig.engine = rig.engine(new ExitLimits(10, 2, 100, 100, 1000), List.of());
    for (int host = 1; host <= 4; host++) {
      FlowKey flow = Packets.key(Ip.UDP, world.inner(host), 5000, world.server(9), 9);
      rig.send(7, HOME, 4000 + host, Packets.udp(flow, EngineRig.DATA));
    }
    assertThat(rig.out.toUnderlay).hasSize(2);
    assertThat(rig.engine.view().info().drops()).containsEntry("FORBIDDEN_SOURCE", 2L);
    assertThat(rig.out.replies).as("said at once").hasSize(2);
  }
}
