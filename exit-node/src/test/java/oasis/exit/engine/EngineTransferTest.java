// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import oasis.flow.StateException;
import oasis.packet.Address;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** An engine goes on in another process. */
@ParameterizedClass
@EnumSource(World.class)
class EngineTransferTest extends EngineRig {
  EngineTransferTest(World world) {
    super(world);
  }

  private void replace() throws StateException {
    byte[] state = engine.write(now);
    now += 1000 * SECOND; // another clock
    engine = engine(ExitLimits.DEFAULT, List.of());
    engine.restore(state, now);
  }

  @Test
  void connectionsGoOnAsIfNothingHadBeen() throws Exception {
    FlowKey back = connect(tcp(4));
    send(BOB, Packets.udp(udp(5, 9), DATA));
    FlowKey bobs = key(out.onlySent()).reverse();
    List<FlowInfo> flows = engine.view().flows(9, now);
    List<ClientInfo> clients = engine.view().clients(9);
    ExitInfo info = engine.view().info();
    replace();
    assertThat(engine.view().flows(9, now)).isEqualTo(flows);
    assertThat(engine.view().clients(9)).isEqualTo(clients);
    assertThat(engine.view().info()).isEqualTo(info);
    receive(Packets.tcp(back, Tcp.ACK, 2, 2, DATA));
    assertThat(out.onlyClient().endpoint()).isEqualTo(ALICE.toString());
    receive(Packets.udp(bobs, DATA));
    assertThat(out.onlyClient().endpoint()).isEqualTo(BOB.toString());
    send(ALICE, Packets.tcp(tcp(4), Tcp.ACK, 2, 2, DATA));
    assertThat(key(out.onlySent()).reverse().ports).isEqualTo(back.ports);
    assertThat(out.ended).isEmpty();
    assertThat(out.replies).isEmpty();
  }

  @Test
  void whatWasWrittenIsWrittenTheSameAgain() throws Exception {
    connect(tcp(4));
    send(BOB, Packets.udp(udp(5, 9), DATA));
    send(BOB, syn(Packets.key(Ip.TCP, world.inner(7), 4, world.closed(), 80)));
    byte[] state = engine.write(now);
    engine = engine(ExitLimits.DEFAULT, List.of());
    engine.restore(state, now);
    assertThat(engine.write(now)).isEqualTo(state);
  }

  @Test
  void timesGoOn() throws Exception {
    send(ALICE, Packets.udp(udp(5, 9), DATA));
    now += 100 * SECOND;
    replace();
    assertThat(flowsAfter(19)).isEqualTo(1);
    assertThat(flowsAfter(1)).isZero();
    assertThat(out.ended).containsExactly("udp IDLE");
    flowsAfter(299);
    assertThat(engine.view().clients(9)).as("its source is kept").hasSize(1);
    flowsAfter(1);
    assertThat(engine.view().clients(9)).isEmpty();
  }

  @Test
  void flowsOfAnAddressThatIsNoLongerThereEnd() throws Exception {
    connect(tcp(4));
    byte[] state = engine.write(now);
    engine = engine(ExitLimits.DEFAULT, List.of());
    engine.restore(state, now);
    engine.external(List.of(Address.parse("198.51.100.99"), Address.parse("2600:5::99")), now);
    assertThat(out.ended).hasSize(world.raw() ? 1 : 0);
  }

  @Test
  void theOtherBackendRefuses() {
    connect(tcp(4));
    byte[] state = engine.write(now);
    World other = world.raw() ? World.KERNEL4 : World.RAW4;
    ExitEngine wrong = other.engine(ExitLimits.DEFAULT, List.of(), 7, out);
    assertThatThrownBy(() -> wrong.restore(state, now))
        .isInstanceOf(StateException.class)
        .hasMessageContaining("expected '" + (world.raw() ? "kernel" : "raw"));
    ExitEngine small = engine(new ExitLimits(1, 1, 1, 1, 1000), List.of());
    send(BOB, Packets.udp(udp(5, 9), DATA));
    byte[] two = engine.write(now);
    assertThatThrownBy(() -> small.restore(two, now))
        .isInstanceOf(StateException.class)
        .hasMessageContaining("clients: there are more than 1");
  }

  @Test
  void aDamagedStateIsRefusedOrDoesNoHarm() {
    int[] refused = new int[1];
    connect(tcp(4));
    connect(tcp(6));
    send(BOB, Packets.udp(udp(5, 9), DATA));
    out.toUnderlay.clear();
    byte[] state = engine.write(now);
    Gen.cases(
        1000,
        gen -> {
          engine = engine(ExitLimits.DEFAULT, List.of());
          try {
            engine.restore(damaged(gen, state), now);
          } catch (StateException e) {
            assertThat(e).hasMessageMatching("the former node's state does not fit: [ -~]+");
            refused[0]++;
            return;
          }
          send(ALICE, Packets.tcp(tcp(4), Tcp.ACK, 2, 2, DATA));
          send(BOB, Packets.udp(udp(7, 9), DATA));
          engine.view().flows(99, now);
          engine.view().clients(99);
          engine.stop(now);
          assertThat(engine.view().info().flows()).isZero();
          engine.onDue(now + 400 * SECOND);
          assertThat(engine.view().clients(99)).allMatch(client -> client.flows() == 0);
        });
    assertThat(refused[0]).isBetween(50, 999);
  }

  /** Damaged on purpose, with a checksum that is right. Long runs of counters are left alone. */
  private static byte[] damaged(Gen gen, byte[] state) {
    byte[] bytes =
        Arrays.copyOf(state, gen.chance(0.1) ? gen.range(12, state.length) : state.length);
    for (int i = gen.range(1, 3); i > 0; i--) {
      int at = gen.below(Math.min(bytes.length - 4, 2000));
      bytes[at] = (byte) (gen.flip() ? gen.anyInt() : bytes[at] + gen.pick(-1, 1));
    }
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length - 4);
    ByteBuffer.wrap(bytes).putInt(bytes.length - 4, (int) crc.getValue());
    return bytes;
  }
}
