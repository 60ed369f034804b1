// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import oasis.flow.FlowRates;
import oasis.flow.NatBehaviour;
import oasis.flow.NatTimeouts;
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
    assertThat(engine.view().info().drops()).containsEntry("EXPIRED", 1L);
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
    assertThat(engine.view().info().drops()).containsEntry("TOO_BIG", 1L);
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
    assertThat(engine.view().info().drops()).containsEntry("TOO_BIG", 1L);
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
    engine.external(List.of(world.v4 ? World.EXTERNAL6 : World.EXTERNAL4), now);
    send(ALICE, Packets.udp(udp(5000, 6000), DATA));
    Burst reply = Packets.burst(Packets.direct(out.onlyReply().packet()));
    assertThat(Icmp.isError(reply)).isTrue();
    assertThat(Icmp.code(reply.buffer(), reply.transport())).isZero();
    assertThat(engine.view().info().drops()).containsEntry("NO_CARRIER", 1L);
    assertThat(engine.view().info().sources()).isZero();
  }

  @Test
  void anotherAddressEndsTheFlowsOfTheOldOne() {
    send(ALICE, Packets.udp(udp(5000, 6000), DATA));
    FlowKey before = key(out.onlySent());
    Address next = Address.parse(world.v4 ? "198.51.100.201" : "2600:5::201");
    engine.external(List.of(next), now);
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
    assertThat(engine.view().info().drops()).isEmpty();
  }

  @Test
  void theNodesOwnAddressIsClosedEvenWhenItIsOpened() {
    String own = world.external().toString();
    engine = engine(ExitLimits.DEFAULT, List.of(Prefix.parse(own)));
    send(ALICE, syn(Packets.key(Ip.TCP, world.inner(7), 1, own, 22)));
    out.onlyReply();
    assertThat(engine.view().info().drops()).containsEntry("FORBIDDEN_DESTINATION", 1L);
  }

  @Test
  void clientsOfTheNodeReachEachOtherByTheirMappings() {
    send(ALICE, Packets.udp(udp(5000, 80), DATA));
    FlowKey alice = key(out.onlySent());
    send(BOB, Packets.udp(udp(6000, 80), DATA));
    FlowKey bob = key(out.onlySent());
    engine.ownAddresses(List.of(World.EXTERNAL4, World.EXTERNAL6));
    String external = world.external().toString();
    FlowKey toBob = Packets.key(Ip.UDP, world.inner(7), 5000, external, bob.sport());
    send(ALICE, Packets.udp(toBob, DATA));
    assertThat(out.toClient).as("Bob has not sent there").isEmpty();
    assertThat(out.replies).as("nothing is said, as by a network").isEmpty();
    assertThat(engine.view().info().drops()).containsEntry("FILTERED", 1L);
    FlowKey toAlice = Packets.key(Ip.UDP, world.inner(7), 6000, external, alice.sport());
    send(BOB, Packets.udp(toAlice, DATA));
    RecordingEffects.ToClient got = out.onlyClient();
    assertThat(got.endpoint()).isEqualTo(ALICE.toString());
    Packets.assertChecksums(got.packet());
    assertThat(key(got.packet()))
        .usingRecursiveComparison()
        .isEqualTo(Packets.key(Ip.UDP, external, bob.sport(), world.inner(7), 5000));
    assertThat(out.toUnderlay).isEmpty();
    assertThat(engine.view().info().inPkts()).isEqualTo(1);
    // A source that has nothing else may begin with such a flow, too.
    FlowKey fresh = Packets.key(Ip.UDP, world.inner(8), 7000, external, alice.sport());
    send(ALICE, Packets.udp(fresh, DATA));
    assertThat(out.onlyClient().endpoint()).as("to itself").isEqualTo(ALICE.toString());
    engine.stop(now);
    assertThat(engine.view().info().flows()).isZero();
  }

  @Test
  void aPortOfTheNodeWithoutAMappingIsClosed() {
    String external = world.external().toString();
    engine.ownAddresses(List.of(World.EXTERNAL4, World.EXTERNAL6));
    send(ALICE, Packets.udp(Packets.key(Ip.UDP, world.inner(7), 5000, external, 61_005), DATA));
    out.onlyReply();
    assertThat(engine.view().info().drops()).containsEntry("FORBIDDEN_DESTINATION", 1L);
  }

  @Test
  void fragmentsGoOutInAnyOrder() {
    FlowKey key = udp(5000, 80);
    send(ALICE, Packets.udp(key, DATA));
    out.onlySent();
    byte[] data = new byte[100];
    List<ByteBuffer> parts = Packets.fragments(Packets.udp(key, data), 9, 48);
    send(ALICE, parts.get(2));
    assertThat(out.toUnderlay).isEmpty();
    send(ALICE, parts.get(0));
    send(ALICE, parts.get(1));
    List<byte[]> sent = new ArrayList<>(out.toUnderlay);
    sent.addAll(out.underlayReplies);
    assertThat(sent).hasSize(3);
    for (byte[] each : sent) {
      assertThat(Ip.ttl(ByteBuffer.wrap(each), 0)).isEqualTo(63);
    }
    ByteBuffer whole = Packets.whole(sent);
    Packets.assertChecksums(bytes(whole));
    assertThat(key(bytes(whole)).srcLo).isEqualTo(world.external().lo());
    assertThat(engine.view().info().outPkts()).isEqualTo(4);
    assertThat(engine.view().info().drops()).isEmpty();
  }

  @Test
  void fragmentsComeInInAnyOrder() {
    FlowKey key = udp(5000, 80);
    send(ALICE, Packets.udp(key, DATA));
    FlowKey back = key(out.onlySent()).reverse();
    List<ByteBuffer> parts = Packets.fragments(Packets.udp(back, new byte[100]), 9, 48);
    receive(parts.get(1));
    assertThat(out.toClient).isEmpty();
    receive(parts.get(0));
    receive(parts.get(2));
    List<byte[]> got = new ArrayList<>();
    out.toClient.forEach(each -> got.add(each.packet()));
    out.replies.forEach(each -> got.add(each.packet()));
    assertThat(got).hasSize(3);
    ByteBuffer expected = Packets.udp(key.reverse(), new byte[100]);
    if (world.v4) {
      Packets.fixHeader(expected.putInt(4, 0));
    }
    assertThat(bytes(Packets.whole(got))).isEqualTo(bytes(expected));
    receive(Packets.fragments(Packets.udp(back, new byte[100]), 10, 48).get(1));
    assertThat(engine.view().info().drops()).as("it waits").isEmpty();
    flowsAfter(2);
    assertThat(engine.view().info().drops()).containsEntry("FRAGMENT", 1L);
  }

  @Test
  void whatIsTooLongForTheTunnelIsCutWhereItMayBe() {
    FlowKey key = udp(5000, 80);
    send(ALICE, Packets.udp(key, DATA));
    FlowKey back = key(out.onlySent()).reverse();
    ByteBuffer big = Packets.udp(back, new byte[3000]);
    List<ByteBuffer> parts = Packets.fragments(big, 9, 1480);
    parts.forEach(this::receive);
    if (!world.v4) {
      assertThat(out.toClient).hasSize(1);
      assertThat(out.underlayReplies).as("its sender is told, once").hasSize(1);
      assertThat(engine.view().info().drops()).containsEntry("TOO_BIG", 2L);
      return;
    }
    List<byte[]> got = new ArrayList<>();
    out.toClient.forEach(each -> got.add(each.packet()));
    out.replies.forEach(each -> got.add(each.packet()));
    assertThat(got).hasSize(5).allMatch(each -> each.length <= 1400);
    ByteBuffer expected = Packets.udp(key.reverse(), new byte[3000]);
    Packets.fixHeader(expected.putInt(4, 0));
    assertThat(bytes(Packets.whole(got))).isEqualTo(bytes(expected));
    out.replies.clear();
    receive(Packets.fixHeader(Packets.udp(back, new byte[2000]).putShort(6, (short) 0)));
    assertThat(out.replies).as("a whole packet that may be cut").hasSize(2);
  }

  @Test
  void eachClientKeepsToOneOfTheNodesAddresses() {
    Address second = Address.parse(world.v4 ? "198.51.100.201" : "2600:5::201");
    engine.external(List.of(world.external(), second), now);
    send(ALICE, Packets.udp(udp(5000, 80), DATA));
    FlowKey alice = key(out.onlySent());
    send(BOB, Packets.udp(udp(5000, 80), DATA));
    FlowKey bob = key(out.onlySent());
    assertThat(bob.srcLo).isNotEqualTo(alice.srcLo);
    send(ALICE, Packets.udp(udp(5001, 80), DATA));
    assertThat(key(out.onlySent()).srcLo).isEqualTo(alice.srcLo);
    receive(Packets.udp(bob.reverse(), DATA));
    assertThat(out.onlyClient().endpoint()).isEqualTo(BOB.toString());
    assertThat(engine.view().flows(9, now).stream().map(FlowInfo::mapped).toList())
        .anyMatch(text -> text.contains(second.toString()))
        .anyMatch(text -> text.contains(world.external().toString()));
  }

  @Test
  void whoMayNotBeReachedMayNotBeginAFlowFromOutsideEither() {
    NatBehaviour open =
        new NatBehaviour(
            NatBehaviour.Filtering.ENDPOINT_INDEPENDENT,
            true,
            true,
            FlowRates.UNLIMITED,
            NatTimeouts.DEFAULT);
    engine = world.engine(ExitLimits.DEFAULT, open, List.of(), 7, out);
    int port = connect(tcp(5000)).dport();
    receive(syn(fromOutside(world.server(8), 25, port)));
    receive(syn(fromOutside(world.closed(), 80, port)));
    engine.drain(true);
    receive(syn(fromOutside(world.server(8), 80, port)));
    assertThat(out.toClient).isEmpty();
    assertThat(engine.view().info().drops())
        .containsEntry("FORBIDDEN_SERVICE", 1L)
        .containsEntry("FORBIDDEN_DESTINATION", 1L)
        .containsEntry("DRAINING", 1L);
    engine.drain(false);
    send(ALICE, syn(Packets.key(Ip.TCP, world.inner(7), 5000, world.server(8), 25)));
    assertThat(out.toUnderlay).isEmpty();
    receive(syn(fromOutside(world.server(8), 80, port)));
    out.onlyClient();
  }

  private FlowKey fromOutside(String from, int sport, int port) {
    return Packets.key(Ip.TCP, from, sport, world.external().toString(), port);
  }
}
