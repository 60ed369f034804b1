// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.FlowKey;
import oasis.packet.Icmp;
import oasis.packet.Ip;
import oasis.packet.Prefix;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What the raw backend does because no kernel stands behind it. */
@ParameterizedClass
@EnumSource(
    value = World.class,
    names = {"RAW4", "RAW6"})
class RawBackendTest extends EngineRig {
  RawBackendTest(World world) {
    super(world);
  }

  @Test
  void theNodeCountsAsAHop() {
    send(ALICE, Packets.udp(udp(5000, 6000), DATA));
    assertThat(Ip.ttl(ByteBuffer.wrap(out.onlySent()), 0)).isEqualTo(63);
    ByteBuffer last = Packets.udp(udp(5000, 6000), DATA);
    setTtl(last, 1);
    send(ALICE, last);
    Burst reply = Packets.burst(Packets.direct(out.onlyReply().packet()));
    int type = Icmp.type(reply.buffer(), reply.transport());
    assertThat(type).isEqualTo(world.v4 ? Icmp.TIME_EXCEEDED : Icmp.V6_TIME_EXCEEDED);
    assertThat(Ip.srcLo(reply.buffer(), 0)).isEqualTo(ExitEngine.ownAddress(world.pool()).lo());
    assertThat(engine.info().drops()).containsEntry("EXPIRED", 1L);
  }

  private void setTtl(ByteBuffer packet, int ttl) {
    if (world.v4) {
      packet.put(8, (byte) ttl).putShort(10, (short) 0);
      long sum = Checksum.sum(packet, 0, 20, 0);
      packet.putShort(10, (short) Checksum.finish(sum));
    } else {
      packet.put(7, (byte) ttl);
    }
  }

  @Test
  void whatThePathDoesNotTakeIsAnsweredWithItsMtuAndTheClientsOwnPacket() {
    FlowKey key = udp(5000, 6000);
    out.pathMtu = 1300;
    send(ALICE, Packets.udp(key, new byte[1290]));
    Burst reply = Packets.burst(Packets.direct(out.onlyReply().packet()));
    Packets.assertChecksums(Packets.bytes(reply));
    assertThat(mtu(reply)).isEqualTo(1300);
    int quoted = reply.transport() + Icmp.BYTES;
    assertThat(Ip.srcLo(reply.buffer(), quoted)).isEqualTo(key.srcLo);
    assertThat(reply.buffer().getShort(quoted + world.ipBytes())).isEqualTo((short) 5000);
    assertThat(engine.info().drops()).containsEntry("TOO_BIG", 1L);
    send(ALICE, Packets.udp(key, DATA));
    out.onlySent();
  }

  @Test
  void whatTheTunnelDoesNotTakeIsAnsweredToItsSender() {
    send(ALICE, Packets.udp(udp(5000, 6000), DATA));
    FlowKey back = key(out.onlySent()).reverse();
    ByteBuffer big = Packets.udp(back, new byte[1400]);
    byte[] original = bytes(big);
    receive(big);
    assertThat(out.toClient).isEmpty();
    assertThat(out.underlayReplies).hasSize(1);
    Burst reply = Packets.burst(Packets.direct(out.underlayReplies.remove(0)));
    Packets.assertChecksums(Packets.bytes(reply));
    assertThat(mtu(reply)).isEqualTo(1400);
    assertThat(Ip.srcLo(reply.buffer(), 0)).isEqualTo(world.external().lo());
    assertThat(Ip.dstLo(reply.buffer(), 0)).isEqualTo(back.srcLo);
    int quoted = reply.transport() + Icmp.BYTES;
    for (int i = 0; i < 60; i++) {
      assertThat(reply.buffer().get(quoted + i)).as("byte %d", i).isEqualTo(original[i]);
    }
    assertThat(engine.info().drops()).containsEntry("TOO_BIG", 1L);
    FlowKey stranger = key(original);
    stranger.ports ^= 0x1_0000;
    receive(Packets.udp(stranger, new byte[1400]));
    assertThat(out.underlayReplies).as("nothing is said to a stranger").isEmpty();
  }

  private int mtu(Burst reply) {
    int type = Icmp.type(reply.buffer(), reply.transport());
    assertThat(type).isEqualTo(world.v4 ? Icmp.UNREACHABLE : Icmp.V6_TOO_BIG);
    return reply.buffer().getInt(reply.transport() + 4);
  }

  @Test
  void withoutAnAddressOfTheFamilyThereIsNoRoute() {
    engine.external4(world.v4 ? null : World.EXTERNAL4, now);
    engine.external6(world.v4 ? World.EXTERNAL6 : null, now);
    send(ALICE, Packets.udp(udp(5000, 6000), DATA));
    Burst reply = Packets.burst(Packets.direct(out.onlyReply().packet()));
    assertThat(Icmp.isError(reply)).isTrue();
    assertThat(Icmp.code(reply.buffer(), reply.transport())).isZero();
    assertThat(engine.info().drops()).containsEntry("NO_CARRIER", 1L);
    assertThat(engine.info().sources()).isZero();
  }

  @Test
  void anotherAddressEndsTheFlowsOfTheOldOne() {
    send(ALICE, Packets.udp(udp(5000, 6000), DATA));
    FlowKey before = key(out.onlySent());
    Address next = Address.parse(world.v4 ? "198.51.100.201" : "2600:5::201");
    if (world.v4) {
      engine.external4(next, now);
    } else {
      engine.external6(next, now);
    }
    assertThat(out.ended).containsExactly("udp STOPPED");
    assertThat(out.endedFlows.get(0).mapped()).contains(world.external().toString());
    receive(Packets.udp(before.reverse(), DATA));
    assertThat(out.toClient).isEmpty();
    send(ALICE, Packets.udp(udp(5000, 6000), DATA));
    assertThat(key(out.onlySent()).srcLo).isEqualTo(next.lo());
  }

  @Test
  void thePacketsOfTheHostItselfAreNotCounted() {
    String own = world.external().toString();
    receive(Packets.udp(Packets.key(Ip.UDP, world.server(9), 53, own, 40_000), DATA));
    receive(error(world.server(9), world.external(), 3, 1, bytes(Packets.udp(udp(1, 2), DATA))));
    assertThat(engine.info().drops()).isEmpty();
  }

  @Test
  void theNodesOwnAddressIsClosedEvenWhenItIsOpened() {
    String own = world.external().toString();
    engine = engine(ExitLimits.DEFAULT, List.of(Prefix.parse(own)));
    send(ALICE, syn(Packets.key(Ip.TCP, world.inner(7), 1, own, 22)));
    out.onlyReply();
    assertThat(engine.info().drops()).containsEntry("FORBIDDEN_DESTINATION", 1L);
  }
}
