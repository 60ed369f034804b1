// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import oasis.flow.FlowRates;
import oasis.flow.NatBehaviour;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.FlowKey;
import oasis.packet.Icmp;
import oasis.packet.Ip;
import oasis.packet.Prefix;
import oasis.packet.Rewrite;
import oasis.packet.Tcp;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What both backends do with packets of both families. */
@ParameterizedClass
@EnumSource(World.class)
class ExitEngineTest extends EngineRig {
  private static final byte[] MSS_1460 = {2, 4, 5, (byte) 0xb4};

  ExitEngineTest(World world) {
    super(world);
  }

  @Test
  void whatComesBackIsAsIfNobodyHadTranslatedIt() {
    FlowKey key = udp(5000, 6000);
    send(ALICE, Packets.udp(key, DATA));
    byte[] sent = out.onlySent();
    Packets.assertChecksums(sent);
    FlowKey translated = key(sent);
    assertThat(world.outside().contains(translated.srcHi, translated.srcLo)).isTrue();
    assertThat(translated.dstLo).isEqualTo(key.dstLo);
    if (world.raw()) {
      assertThat(translated.sport()).isBetween(World.FIRST_PORT, World.LAST_PORT);
    } else {
      assertThat(translated.sport()).isEqualTo(5000);
    }

    receive(Packets.udp(translated.reverse(), DATA));
    RecordingEffects.ToClient back = out.onlyClient();
    assertThat(back.endpoint()).isEqualTo(ALICE.toString());
    assertThat(back.packet()).isEqualTo(bytes(Packets.udp(key.reverse(), DATA)));
  }

  @Test
  void clientsWithTheSameInnerAddressDoNotCollide() {
    FlowKey key = udp(5000, 6000);
    send(ALICE, Packets.udp(key, DATA));
    FlowKey first = key(out.onlySent());
    send(BOB, Packets.udp(key, DATA));
    FlowKey second = key(out.onlySent());
    assertThat(first).usingRecursiveComparison().isNotEqualTo(second);
    receive(Packets.udp(second.reverse(), DATA));
    assertThat(out.onlyClient().endpoint()).isEqualTo(BOB.toString());
    receive(Packets.udp(first.reverse(), DATA));
    assertThat(out.onlyClient().endpoint()).isEqualTo(ALICE.toString());
  }

  @Test
  void aChangedPortIsAnotherClient() {
    FlowKey key = udp(5000, 6000);
    send(ALICE, Packets.udp(key, DATA));
    FlowKey before = key(out.onlySent());
    send(new Client(ALICE.address(), 40002), Packets.udp(key, DATA));
    assertThat(key(out.onlySent())).usingRecursiveComparison().isNotEqualTo(before);
    assertThat(engine.view().info().clients()).isEqualTo(2);
  }

  @Test
  void onlyAllowedClientsAreAdmittedAndAnswered() {
    for (String stranger : List.of("198.51.100.1", "2600:2::1")) {
      Address address = Address.parse(stranger);
      assertThat(engine.admit(0, address.hi(), address.lo(), 40001, 3)).isFalse();
      engine.onKeepAlive(0, address.hi(), address.lo(), 40001, 0);
    }
    for (Client client : List.of(ALICE, BOB)) {
      Address address = Address.parse(client.address());
      engine.onKeepAlive(0, address.hi(), address.lo(), client.port(), 0);
    }
    assertThat(out.keepAlives).containsExactly(ALICE.toString(), BOB.toString());
    assertThat(engine.view().info().drops()).containsEntry("NOT_ALLOWED", 8L);
    assertThat(engine.view().info().clients()).as("a keep-alive makes no state").isZero();
  }

  @Test
  void aClosedDestinationIsRefusedAtOnce() {
    send(ALICE, syn(Packets.key(Ip.TCP, world.inner(7), 5000, world.closed(), 80)));
    byte[] reply = out.onlyReply().packet();
    Packets.assertChecksums(reply);
    Burst burst = Packets.burst(Packets.direct(reply));
    assertThat(Icmp.isError(burst)).isTrue();
    assertThat(Icmp.code(burst.buffer(), burst.transport())).isEqualTo(world.v4 ? 13 : 1);
    Address own = ExitEngine.ownAddress(world.pool());
    assertThat(Ip.srcHi(burst.buffer(), 0)).isEqualTo(own.hi());
    assertThat(Ip.srcLo(burst.buffer(), 0)).isEqualTo(own.lo());
    String group = world.v4 ? "239.1.1.1" : "ff0e::1";
    send(ALICE, Packets.udp(Packets.key(Ip.UDP, world.inner(7), 5000, group, 80), DATA));
    assertThat(out.replies).as("nothing is said about multicast").isEmpty();
    assertThat(out.toUnderlay).isEmpty();
    assertThat(engine.view().info().drops()).containsEntry("FORBIDDEN_DESTINATION", 2L);
    assertThat(engine.view().info().sources()).isZero();
  }

  @Test
  void anOpenedDestinationIsReachable() {
    engine = engine(ExitLimits.DEFAULT, List.of(Prefix.parse(world.closed())));
    send(ALICE, syn(Packets.key(Ip.TCP, world.inner(7), 5000, world.closed(), 80)));
    out.onlySent();
    String other = world.closed().replaceFirst("3$", "4");
    send(ALICE, syn(Packets.key(Ip.TCP, world.inner(7), 5000, other, 80)));
    out.onlyReply();
  }

  @Test
  void theMssIsLoweredBothWays() {
    FlowKey key = tcp(5000);
    send(ALICE, Packets.tcp(key, Tcp.SYN, 1, 0, MSS_1460, new byte[0]));
    byte[] sent = out.onlySent();
    int at = world.ipBytes() + 22;
    int lowered = 1400 - world.ipBytes() - 20;
    assertThat(ByteBuffer.wrap(sent).getShort(at)).isEqualTo((short) lowered);
    Packets.assertChecksums(sent);
    FlowKey back = key(sent).reverse();
    receive(Packets.tcp(back, Tcp.SYN | Tcp.ACK, 9, 2, MSS_1460, new byte[0]));
    byte[] answer = out.onlyClient().packet();
    assertThat(ByteBuffer.wrap(answer).getShort(at)).isEqualTo((short) lowered);
    Packets.assertChecksums(answer);
  }

  @Test
  void aSegmentOfNoConnectionIsReset() {
    send(ALICE, Packets.tcp(tcp(5000), Tcp.ACK, 100, 200, DATA));
    ByteBuffer reply = ByteBuffer.wrap(out.onlyReply().packet());
    assertThat(Tcp.flags(reply, world.ipBytes()) & Tcp.RST).isNotZero();
    assertThat(Tcp.seq(reply, world.ipBytes())).isEqualTo(200);
  }

  @Test
  void aWrongChecksumIsDroppedAndMakesNoState() {
    for (ByteBuffer packet : List.of(Packets.udp(udp(5000, 6000), DATA), syn(tcp(5000)))) {
      int last = packet.capacity() - 1;
      packet.put(last, (byte) (packet.get(last) ^ 1));
      send(ALICE, packet);
    }
    assertThat(out.toUnderlay).isEmpty();
    assertThat(out.replies).isEmpty();
    assertThat(engine.view().info().drops()).containsOnly(Map.entry("BAD_CHECKSUM", 2L));
    assertThat(engine.view().info().sources()).isZero();
  }

  @Test
  void strangersDoNotGetIn() {
    send(ALICE, Packets.udp(udp(5000, 6000), DATA));
    FlowKey back = key(out.onlySent()).reverse();
    back.ports ^= 0x1_0000; // another port of the same server
    receive(Packets.udp(back, DATA));
    assertThat(out.toClient).isEmpty();
    assertThat(engine.view().info().drops()).containsEntry("NO_FLOW", 1L);
  }

  @Test
  void anIcmpErrorReachesTheClientWithItsOwnPacketInside() {
    FlowKey key = udp(5000, 6000);
    ByteBuffer original = Packets.udp(key, DATA);
    send(ALICE, original);
    byte[] sent = out.onlySent();
    FlowKey about = key(sent);
    Address mapped = new Address(about.srcHi, about.srcLo);
    receive(error(world.router(), mapped, Icmp.UNREACHABLE, Icmp.V6_UNREACHABLE, sent));
    byte[] got = out.onlyClient().packet();
    Packets.assertChecksums(got);
    byte[] inside = bytes(Packets.udp(key, DATA));
    if (world.raw()) {
      inside = bytes(lowerTtl(Packets.udp(key, DATA)));
    }
    Address inner = Address.parse(world.inner(7));
    assertThat(got)
        .isEqualTo(
            bytes(error(world.router(), inner, Icmp.UNREACHABLE, Icmp.V6_UNREACHABLE, inside)));
  }

  @Test
  void anIcmpErrorOfTheClientReachesTheSender() {
    FlowKey key = udp(5000, 6000);
    send(ALICE, Packets.udp(key, DATA));
    FlowKey translated = key(out.onlySent());
    receive(Packets.udp(translated.reverse(), DATA));
    byte[] got = out.onlyClient().packet();
    Address server = Address.parse(world.server(9));
    send(ALICE, error(world.inner(7), server, Icmp.UNREACHABLE, Icmp.V6_UNREACHABLE, got));
    byte[] error = out.onlySent();
    Packets.assertChecksums(error);
    int quoted = world.ipBytes() + Icmp.BYTES;
    ByteBuffer b = ByteBuffer.wrap(error);
    translated.reverse(); // as it was before the answer
    assertThat(Ip.srcLo(b, 0)).isEqualTo(translated.srcLo);
    assertThat(Ip.dstLo(b, quoted)).isEqualTo(translated.srcLo);
    Address other = Address.parse(world.router());
    send(ALICE, error(world.inner(7), other, Icmp.UNREACHABLE, Icmp.V6_UNREACHABLE, got));
    assertThat(out.toUnderlay).as("an error to somebody else").isEmpty();
  }

  @Test
  void echoGoesOutAndBack() {
    FlowKey key = world.key(world.icmp(), 77, 77);
    send(ALICE, Packets.echo(key, true, 1));
    FlowKey translated = key(out.onlySent());
    receive(Packets.echo(translated.reverse(), false, 1));
    assertThat(out.onlyClient().packet()).isEqualTo(bytes(Packets.echo(key.reverse(), false, 1)));
    assertThat(flowsAfter(61)).isZero();
  }

  @Test
  void limitsPerClientLeaveOthersAlone() {
    engine = engine(new ExitLimits(10, 8, 100, 2, 1000), List.of());
    for (int port = 1; port <= 3; port++) {
      send(ALICE, syn(tcp(port)));
    }
    assertThat(out.toUnderlay).hasSize(2);
    out.toUnderlay.clear();
    byte[] reply = out.onlyReply().packet();
    assertThat(Icmp.isError(Packets.burst(Packets.direct(reply)))).isTrue();
    send(BOB, syn(tcp(3)));
    out.onlySent();
    assertThat(engine.view().clients(10).get(0).drops()).containsEntry("CLIENT_FLOW_LIMIT", 1L);
  }

  /** One more than is allowed of each kind, and the reason that it is refused with. */
  @Test
  void everyLimitIsAnswered() {
    refuses("CLIENT_FLOW_LIMIT", new ExitLimits(10, 8, 100, 1, 1000), new FlowRates(9, 9, 9, 9));
    refuses("FLOW_LIMIT", new ExitLimits(10, 8, 1, 9, 1000), new FlowRates(9, 9, 9, 9));
    ExitLimits wide = new ExitLimits(10, 8, 100, 100, 1000);
    refuses("FLOW_RATE", wide, new FlowRates(1, 9, 9, 9));
    refuses("CLIENT_FLOW_RATE", wide, new FlowRates(9, 1, 9, 9));
    refuses("HANDSHAKE_LIMIT", wide, new FlowRates(9, 9, 1, 9));
    refuses("CLIENT_HANDSHAKE_LIMIT", wide, new FlowRates(9, 9, 9, 1));
  }

  private void refuses(String reason, ExitLimits limits, FlowRates rates) {
    engine = world.engine(limits, NatBehaviour.GATEWAY.with(rates), List.of(), 7, out);
    send(ALICE, syn(tcp(1)));
    out.onlySent();
    send(ALICE, syn(tcp(2)));
    Burst reply = Packets.burst(Packets.direct(out.onlyReply().packet()));
    assertThat(Icmp.isError(reply)).isTrue();
    int code = Icmp.code(reply.buffer(), reply.transport());
    assertThat(code).as("administratively prohibited").isEqualTo(world.v4 ? 13 : 1);
    assertThat(engine.view().info().drops()).containsOnly(Map.entry(reason, 1L));
  }

  @Test
  void mailBetweenServersIsRefusedAtOnce() {
    send(ALICE, syn(world.key(Ip.TCP, 5000, 25)));
    Burst reply = Packets.burst(Packets.direct(out.onlyReply().packet()));
    assertThat(Icmp.isError(reply)).isTrue();
    assertThat(engine.view().info().drops()).containsOnly(Map.entry("FORBIDDEN_SERVICE", 1L));
    assertThat(engine.view().info().sources()).as("it makes no state").isZero();
    send(ALICE, Packets.udp(udp(5000, 25), DATA));
    out.onlySent();
    send(ALICE, syn(world.key(Ip.TCP, 5000, 587)));
    out.onlySent();
    send(ALICE, syn(world.key(Ip.TCP, 5000, 25)));
    out.onlyReply();
    assertThat(engine.view().info().drops()).containsEntry("FORBIDDEN_SERVICE", 2L);
  }

  @Test
  void aClientHasFewInnerAddresses() {
    engine = engine(new ExitLimits(10, 2, 100, 100, 1000), List.of());
    for (int host = 1; host <= 3; host++) {
      send(ALICE, syn(Packets.key(Ip.TCP, world.inner(host), 5000, world.server(9), 80)));
    }
    assertThat(out.toUnderlay).hasSize(2);
    assertThat(engine.view().info().drops()).containsEntry("FORBIDDEN_SOURCE", 1L);
  }

  @Test
  void inAFullTableEndedConnectionsMakeRoom() {
    engine = engine(new ExitLimits(10, 8, 2, 2, 1000), List.of());
    send(ALICE, syn(tcp(1)));
    FlowKey translated = key(out.onlySent());
    connect(tcp(2));
    send(BOB, syn(tcp(3)));
    out.onlyReply();
    receive(Packets.tcp(translated.reverse(), Tcp.RST | Tcp.ACK, 0, 2, new byte[0]));
    out.onlyClient();
    send(BOB, syn(tcp(3)));
    out.onlySent();
    assertThat(out.ended).containsExactly("tcp CLOSED");
    assertThat(engine.view().info().flows()).isEqualTo(2);
  }

  @Test
  void anEndedConnectionDoesNotCountAndItsPortBeginsAgain() {
    engine = engine(new ExitLimits(10, 8, 10, 1, 1000), List.of());
    FlowKey key = tcp(1);
    connect(key);
    send(ALICE, Packets.tcp(key, Tcp.FIN | Tcp.ACK, 3, 2, new byte[0]));
    FlowKey translated = key(out.onlySent());
    receive(Packets.tcp(translated.reverse(), Tcp.FIN | Tcp.ACK, 2, 4, new byte[0]));
    assertThat(engine.view().clients(1).get(0).flows()).isZero();
    send(ALICE, syn(key));
    out.onlySent();
    assertThat(engine.view().clients(1).get(0).flows()).isEqualTo(1);
    assertThat(engine.view().info().flows()).isEqualTo(1);
    assertThat(engine.view().info().flowsBegun()).isEqualTo(2);
    assertThat(out.ended).containsExactly("tcp CLOSED");
    assertThat(engine.view().flows(1, now).get(0).outPkts()).isEqualTo(1);
  }

  @Test
  void aForgedResetDoesNotEndAConnectionThatGoesOn() {
    FlowKey key = tcp(1);
    FlowKey back = connect(key);
    receive(Packets.tcp(back, Tcp.RST, 99, 0, new byte[0]));
    out.onlyClient();
    assertThat(engine.view().clients(1).get(0).flows()).isZero();
    send(ALICE, Packets.tcp(key, Tcp.ACK, 2, 2, DATA));
    out.onlySent();
    assertThat(flowsAfter(3600)).isEqualTo(1);
    assertThat(engine.view().clients(1).get(0).flows()).isEqualTo(1);
  }

  @Test
  void whatLivesAgainCountsAgainstTheLimit() {
    engine = engine(new ExitLimits(10, 8, 10, 1, 1000), List.of());
    FlowKey back = connect(tcp(1));
    receive(Packets.tcp(back, Tcp.RST, 99, 0, new byte[0]));
    out.onlyClient();
    connect(tcp(2));
    send(ALICE, Packets.tcp(tcp(1), Tcp.ACK, 2, 2, DATA));
    out.onlyReply();
    send(ALICE, syn(tcp(1)));
    out.onlyReply();
    assertThat(engine.view().info().drops()).containsEntry("CLIENT_FLOW_LIMIT", 2L);
  }

  @Test
  void timeOutsFollowTheState() {
    send(ALICE, Packets.udp(udp(1, 53), DATA));
    send(ALICE, Packets.udp(udp(2, 123), DATA));
    send(ALICE, syn(tcp(3)));
    out.toUnderlay.clear();
    connect(tcp(4));
    assertThat(flowsAfter(59)).isEqualTo(4);
    assertThat(flowsAfter(2)).as("DNS: 60 s").isEqualTo(3);
    assertThat(flowsAfter(58)).isEqualTo(3);
    assertThat(flowsAfter(2)).as("UDP without answer: 120 s").isEqualTo(2);
    assertThat(flowsAfter(120)).as("SYN: 240 s").isEqualTo(1);
    assertThat(flowsAfter(7198)).isEqualTo(1);
    assertThat(flowsAfter(2)).as("established: 7440 s").isZero();
    assertThat(engine.view().info().clients()).isEqualTo(1);
    assertThat(flowsAfter(301)).isZero();
    assertThat(engine.view().info().clients()).as("an idle client is forgotten").isZero();
    assertThat(engine.nextDeadlineNs()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void answersAreLimited() {
    engine = engine(new ExitLimits(10, 8, 10, 10, 10), List.of());
    for (int i = 0; i < 10; i++) {
      send(ALICE, syn(Packets.key(Ip.TCP, world.inner(7), 1, world.closed(), 80)));
    }
    assertThat(out.replies).hasSizeLessThan(4);
    assertThat(engine.view().info().drops()).containsKey("RATE_LIMITED");
  }

  @Test
  void stoppingReportsEveryFlowWithItsCounters() {
    send(ALICE, syn(tcp(3)));
    send(ALICE, Packets.udp(udp(3, 80), DATA));
    FlowKey back = key(out.toUnderlay.get(1)).reverse();
    receive(Packets.udp(back, DATA));
    receive(Packets.udp(back, DATA));
    engine.stop(now);
    assertThat(out.ended).containsExactlyInAnyOrder("tcp STOPPED", "udp STOPPED");
    FlowInfo udp =
        out.endedFlows.stream().filter(f -> f.protocol().equals("udp")).findFirst().orElseThrow();
    long bytes = world.ipBytes() + 8L + DATA.length;
    assertThat(udp.client()).isEqualTo(ALICE.toString());
    assertThat(udp.outPkts()).isEqualTo(1);
    assertThat(udp.outBytes()).isEqualTo(bytes);
    assertThat(udp.inPkts()).isEqualTo(2);
    assertThat(udp.inBytes()).isEqualTo(2 * bytes);
    assertThat(udp.destination()).endsWith(":80").contains(world.server(9));
    assertThat(udp.source()).endsWith(":3").contains(world.inner(7));
    String mapped =
        world.raw()
            ? Snapshots.endpoint(back.dstHi, back.dstLo, back.dport())
            : new Address(back.dstHi, back.dstLo).toString();
    assertThat(udp.mapped()).isEqualTo(mapped);
    assertThat(engine.view().info().flows()).isZero();
  }

  @Test
  void anUnknownProtocolIsRefused() {
    ByteBuffer packet = Packets.udp(udp(1, 2), DATA);
    packet.put(world.v4 ? 9 : 6, (byte) 132);
    if (world.v4) {
      packet.putShort(10, (short) 0);
      packet.putShort(10, (short) Checksum.finish(Checksum.sum(packet, 0, 20, 0)));
    }
    send(ALICE, packet);
    assertThat(engine.view().info().drops()).containsEntry("UNSUPPORTED_PROTOCOL", 1L);
  }

  private static ByteBuffer lowerTtl(ByteBuffer packet) {
    Rewrite.lowerTtl(Packets.burst(packet));
    return packet;
  }
}
