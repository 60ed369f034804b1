// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Map;
import oasis.flow.FakePool;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Icmp;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ClientEngineTest {
  /** A connection of the host to the web server. */
  private static FlowKey web(Family f) {
    return f.tcp(f.host, 40_000, f.server, 80);
  }

  /** The same, as the network answers. */
  private static FlowKey back(Family f) {
    return f.tcp(f.server, 80, f.host, 40_000);
  }

  private static String source(byte[] packet) {
    FlowKey key = EngineRig.keyOf(packet);
    return EngineRig.text(key.srcHi, key.srcLo);
  }

  private static String destination(byte[] packet) {
    FlowKey key = EngineRig.keyOf(packet);
    return EngineRig.text(key.dstHi, key.dstLo);
  }

  private static int tcpFlags(byte[] packet) {
    return packet[(packet[0] >>> 4 == 4 ? 20 : 40) + 13] & 0xff;
  }

  private static int mss(byte[] packet) {
    return ByteBuffer.wrap(packet).getShort((packet[0] >>> 4 == 4 ? 20 : 40) + 22) & 0xffff;
  }

  @ParameterizedTest
  @EnumSource
  void aHeaderRuleSendsItsFlowByItsCarrierUnchanged(Family f) {
    EngineRig rig = new EngineRig(f, "tcp dport 80 ron");
    rig.send(EngineRig.syn(web(f)));
    byte[] sent = rig.out.only("carrier " + rig.ron);
    assertThat(destination(sent)).isEqualTo(f.server);
    assertThat(mss(sent)).as("MSS fits the carrier").isEqualTo(f.v4() ? 1_360 : 1_340);
    rig.receive(rig.ron, EngineRig.data(back(f), 1, 101, 10));
    assertThat(source(rig.out.only("tun"))).isEqualTo(f.server);
  }

  @ParameterizedTest
  @EnumSource
  void aFlowKeepsItsCarrierWhenTheRulesChange(Family f) {
    EngineRig rig = new EngineRig(f, "tcp dport 80 ron");
    rig.send(EngineRig.syn(web(f)));
    rig.out.only("carrier " + rig.ron);
    rig.rules("tcp dport 80 detour");
    rig.send(EngineRig.data(web(f), 101, 1, 10));
    rig.out.only("carrier " + rig.ron);
    rig.rules();
    rig.send(EngineRig.data(web(f), 111, 1, 10));
    rig.out.only("carrier " + rig.ron);
  }

  @ParameterizedTest
  @EnumSource
  void aNameRuleGivesAFakeAddressAndTranslatesBothWays(Family f) {
    EngineRig rig = new EngineRig(f, "name:*.example.org ron");
    String fake = rig.fakeOf("www.example.org", f.server);
    assertThat(fake).startsWith(f.v4() ? "198.18." : "fdc6:1200:4710::");
    FlowKey key = f.tcp(f.tun, 40_000, fake, 80);
    rig.send(EngineRig.syn(key));
    assertThat(destination(rig.out.only("carrier " + rig.ron))).isEqualTo(f.server);
    FlowKey back = f.tcp(f.server, 80, f.tun, 40_000);
    rig.receive(rig.ron, EngineRig.data(back, 1, 101, 10));
    assertThat(source(rig.out.only("tun"))).isEqualTo(fake);
  }

  @ParameterizedTest
  @EnumSource
  void pingByNameCarriesEchoes(Family f) {
    EngineRig rig = new EngineRig(f, "name:*.example.org ron");
    String fake = rig.fakeOf("www.example.org", f.server);
    rig.send(Packets.echo(Packets.key(f.icmp(), f.tun, 77, fake, 77), true, 1));
    assertThat(destination(rig.out.only("carrier " + rig.ron))).isEqualTo(f.server);
    FlowKey back = Packets.key(f.icmp(), f.server, 77, f.tun, 77);
    rig.receive(rig.ron, Packets.echo(back, false, 1));
    assertThat(source(rig.out.only("tun"))).isEqualTo(fake);
  }

  @ParameterizedTest
  @EnumSource
  void whenTheCarrierIsDeadAtConnectionTimeTheUnderlayServes(Family f) {
    EngineRig rig = new EngineRig(f, "name:*.example.org ron");
    String fake = rig.fakeOf("www.example.org", f.server);
    rig.engine.onRefused(rig.ron, rig.nowNs);
    FlowKey key = f.tcp(f.tun, 40_000, fake, 80);
    rig.send(EngineRig.syn(key));
    byte[] sent = rig.out.only("underlay");
    assertThat(source(sent)).isEqualTo(f.host);
    assertThat(destination(sent)).isEqualTo(f.server);
    FlowKey onWire = EngineRig.keyOf(sent);
    assertThat(onWire.sport()).isBetween(61_000, 64_999);
    rig.receive(
        Carriers.UNDERLAY, Packets.tcp(onWire.reverse(), Tcp.SYN | Tcp.ACK, 5, 101, new byte[0]));
    byte[] got = rig.out.only("tun");
    assertThat(source(got)).isEqualTo(fake);
    assertThat(EngineRig.keyOf(got).dport()).isEqualTo(40_000);
  }

  @ParameterizedTest
  @EnumSource
  void elseBlockRefusesAndElseNextAsksTheNextRule(Family f) {
    EngineRig rig = new EngineRig(f, "tcp dport 80 ron else block", "tcp dport 80-90 detour");
    rig.engine.onRefused(rig.ron, rig.nowNs);
    rig.send(EngineRig.syn(web(f)));
    assertThat(tcpFlags(rig.out.only("tun")) & Tcp.RST).isNotZero();
    rig.rules("tcp dport 80 ron else next", "tcp dport 80-90 detour");
    rig.send(EngineRig.syn(web(f)));
    rig.out.only("carrier " + rig.detour);
  }

  @ParameterizedTest
  @EnumSource
  void aCarrierThatWasNeverHeardGetsNoFlow(Family f) {
    EngineRig rig = new EngineRig(f, "tcp dport 80 unknown");
    rig.send(EngineRig.syn(web(f)));
    rig.out.only("underlay");
  }

  @ParameterizedTest
  @EnumSource
  void aDyingCarrierResetsItsTcpFlowsAndItsUdpFlowsChooseAgain(Family f) {
    EngineRig rig = new EngineRig(f, "tcp dport 80 ron", "udp dport 9000 ron");
    FlowKey udp = f.udp(f.host, 5_000, f.server, 9_000);
    rig.send(EngineRig.syn(web(f)));
    rig.send(EngineRig.data(web(f), 101, 777, 0));
    rig.send(Packets.udp(udp, new byte[10]));
    rig.out.clear();
    rig.engine.onRefused(rig.ron, rig.nowNs);
    byte[] reset = rig.out.only("tun");
    assertThat(tcpFlags(reset) & Tcp.RST).isNotZero();
    assertThat(source(reset)).isEqualTo(f.server);
    assertThat(ByteBuffer.wrap(reset).getInt(f.ipBytes() + 4)).as("sequence number").isEqualTo(777);
    rig.send(Packets.udp(udp, new byte[10]));
    rig.out.only("underlay");
    rig.send(EngineRig.data(web(f), 101, 777, 5));
    assertThat(tcpFlags(rig.out.only("tun")) & Tcp.RST).isNotZero();
  }

  @ParameterizedTest
  @EnumSource
  void whatIsStillOnItsWayDoesNotReviveADeadCarrier(Family f) {
    EngineRig rig = new EngineRig(f, "tcp dport 80 ron");
    rig.send(EngineRig.syn(web(f)));
    rig.engine.onRefused(rig.ron, rig.nowNs);
    rig.nowNs += 300_000_000L;
    rig.receive(rig.ron, EngineRig.data(back(f), 1, 101, 10));
    rig.hear(rig.ron);
    assertThat(state(rig, "ron")).isEqualTo(CarrierState.DEAD);
    rig.pass(3_000, rig.ron);
    assertThat(state(rig, "ron")).isEqualTo(CarrierState.ALIVE);
  }

  @Test
  void onlyCarriersThatARuleNamesAreProbed() {
    EngineRig rig = new EngineRig("tcp dport 80 ron");
    rig.nowNs += 10 * EngineRig.SECOND_NS;
    rig.engine.onTimer(rig.nowNs);
    assertThat(rig.out.probes).containsExactly(rig.ron);
  }

  private static CarrierState state(EngineRig rig, String name) {
    return rig.engine.info(rig.nowNs).carriers().stream()
        .filter(c -> c.name().equals(name))
        .findFirst()
        .orElseThrow()
        .state();
  }

  @ParameterizedTest
  @EnumSource
  void anUnknownFakeIsRefusedAtOnce(Family f) {
    EngineRig rig = new EngineRig(f, "name:*.example.org ron");
    rig.send(EngineRig.syn(f.tcp(f.tun, 40_000, f.unknownFake(), 80)));
    assertThat(tcpFlags(rig.out.only("tun")) & Tcp.RST).isNotZero();
    rig.send(Packets.udp(f.udp(f.tun, 1, f.unknownFake(), 9_000), new byte[4]));
    assertThat(rig.out.only("tun")[f.ipBytes()])
        .as("ICMP type")
        .isEqualTo((byte) (f.v4() ? Icmp.UNREACHABLE : Icmp.V6_UNREACHABLE));
    assertThat(rig.engine.info(rig.nowNs).drops()).containsEntry("UNKNOWN_FAKE", 2L);
  }

  @ParameterizedTest
  @EnumSource
  void aSegmentOfAnUnknownConnectionIsReset(Family f) {
    EngineRig rig = new EngineRig(f, "tcp dport 80 ron");
    rig.send(EngineRig.data(web(f), 101, 777, 5));
    assertThat(tcpFlags(rig.out.only("tun")) & Tcp.RST).isNotZero();
  }

  @ParameterizedTest
  @EnumSource
  void packetsFromACarrierThatDoesNotHoldTheFlowAreDropped(Family f) {
    EngineRig rig = new EngineRig(f, "tcp dport 80 ron");
    rig.send(EngineRig.syn(web(f)));
    rig.out.clear();
    rig.receive(rig.detour, EngineRig.data(back(f), 1, 101, 10));
    rig.receive(rig.ron, EngineRig.data(f.tcp(f.router, 80, f.host, 40_000), 1, 1, 1));
    rig.out.nothing();
    assertThat(rig.engine.info(rig.nowNs).drops())
        .containsEntry("NOT_GRANTED", 1L)
        .containsEntry("NO_FLOW", 1L);
  }

  private static String source(ByteBuffer fragment) {
    return EngineRig.text(Ip.srcHi(fragment, 0), Ip.srcLo(fragment, 0));
  }

  private static String destination(ByteBuffer fragment) {
    return EngineRig.text(Ip.dstHi(fragment, 0), Ip.dstLo(fragment, 0));
  }

  @ParameterizedTest
  @EnumSource
  void laterFragmentsFollowTheFirstBothWays(Family f) {
    EngineRig rig = new EngineRig(f, "name:*.example.org ron");
    String fake = rig.fakeOf("www.example.org", f.server);
    FlowKey key = f.udp(f.tun, 5_000, fake, 9_000);
    for (ByteBuffer fragment : f.cut(Packets.udp(key, new byte[2_000]), 1_200, 0x1234)) {
      rig.send(fragment);
      byte[] sent = rig.out.only("carrier " + rig.ron);
      assertThat(destination(ByteBuffer.wrap(sent))).isEqualTo(f.server);
    }
    FlowKey back = f.udp(f.server, 9_000, f.tun, 5_000);
    for (ByteBuffer fragment : f.cut(Packets.udp(back, new byte[2_000]), 1_200, 0x1234)) {
      rig.receive(rig.ron, fragment);
      byte[] got = rig.out.only("tun");
      assertThat(source(ByteBuffer.wrap(got))).isEqualTo(fake);
    }
    // IPv6 numbers datagrams with 32 bits: the lower half alone is another datagram.
    int other = f.v4() ? 99 : 0x5678_1234;
    rig.send(f.cut(Packets.udp(key, new byte[2_000]), 1_200, other)[1]);
    rig.out.nothing();
    assertThat(rig.engine.info(rig.nowNs).drops()).containsEntry("FRAGMENT", 1L);
  }

  @ParameterizedTest
  @EnumSource
  void fragmentsGoOutByTheUnderlayAndNoneComeIn(Family f) {
    EngineRig rig = new EngineRig(f, "udp dport 9000 unknown");
    FlowKey key = f.udp(f.host, 5_000, f.server, 9_000);
    FlowKey back = new FlowKey();
    for (ByteBuffer fragment : f.cut(Packets.udp(key, new byte[2_000]), 1_200, 7)) {
      rig.send(fragment);
      byte[] sent = rig.out.only("underlay");
      Burst onWire = Packets.burst(Packets.direct(sent));
      if (!onWire.laterFragment()) {
        back.of(onWire).reverse();
      }
      assertThat(source(ByteBuffer.wrap(sent))).isEqualTo(f.host);
      assertThat(destination(ByteBuffer.wrap(sent))).isEqualTo(f.server);
    }
    rig.send(f.cut(Packets.udp(key, new byte[2_000]), 1_200, 8)[1]);
    rig.out.nothing();
    for (ByteBuffer fragment : f.cut(Packets.udp(back, new byte[2_000]), 1_200, 7)) {
      rig.receive(Carriers.UNDERLAY, fragment);
    }
    rig.out.nothing();
    assertThat(rig.engine.info(rig.nowNs).drops()).containsExactly(Map.entry("FRAGMENT", 3L));
  }

  @ParameterizedTest
  @EnumSource
  void flowsEndBySilenceAndLetTheirFakeGo(Family f) {
    EngineRig rig = new EngineRig(f, "name:*.example.org ron");
    String fake = rig.fakeOf("www.example.org", f.server);
    rig.send(Packets.udp(f.udp(f.tun, 5_000, fake, 9_000), new byte[20]));
    FakePool pool = f.v4() ? rig.fakes : rig.fakes6;
    int entry = pool.find(pool.fakeHi(), Address.parse(fake).lo());
    assertThat(pool.holds(entry)).isEqualTo(1);
    rig.pass(320_000, rig.ron);
    assertThat(pool.holds(entry)).isZero();
    assertThat(rig.engine.flows(10, rig.nowNs)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void aFullFlowMapMakesRoomFromFlowsThatAreOver(Family f) {
    EngineRig rig = new EngineRig(f, "tcp dport 80 ron");
    for (int i = 0; i < 66_000; i++) {
      FlowKey key =
          f.tcp(
              f.host.substring(0, f.host.length() - 2) + (10 + i / 30_000),
              10_000 + i % 30_000,
              f.server,
              80);
      rig.send(EngineRig.syn(key));
      rig.send(Packets.tcp(key, Tcp.RST, 101, 0, new byte[0]));
      rig.out.clear();
    }
    assertThat(rig.engine.info(rig.nowNs).drops()).doesNotContainKey("FLOW_LIMIT");
  }

  @ParameterizedTest
  @EnumSource
  void mediationSendsNewFlowsByTheUnderlayAndLeavesOthersAlone(Family f) {
    EngineRig rig = new EngineRig(f, "name:*.example.org ron", "tcp dport 80 ron else block");
    String fake = rig.fakeOf("www.example.org", f.server);
    rig.send(EngineRig.syn(web(f)));
    rig.out.only("carrier " + rig.ron);
    rig.engine.setMediate(true);
    rig.send(EngineRig.data(web(f), 101, 1, 10));
    rig.out.only("carrier " + rig.ron);
    rig.send(EngineRig.syn(f.tcp(f.host, 40_001, f.server, 80)));
    assertThat(destination(rig.out.only("underlay"))).isEqualTo(f.server);
    rig.send(EngineRig.syn(f.tcp(f.tun, 40_002, fake, 80)));
    assertThat(destination(rig.out.only("underlay"))).isEqualTo(f.server);
    byte[] answer = EngineRig.answer("www.example.org", f.type(), 0, f.server);
    assertThat(EngineRig.payload(rig.exchange("www.example.org", f.type(), answer)))
        .as("genuine answer")
        .isEqualTo(answer);
    rig.rules("tcp dport 80 ron");
    rig.send(EngineRig.syn(f.tcp(f.host, 40_003, f.server, 80)));
    rig.out.only("underlay");
    rig.engine.setMediate(false);
    rig.send(EngineRig.syn(f.tcp(f.host, 40_004, f.server, 80)));
    rig.out.only("carrier " + rig.ron);
  }

  @ParameterizedTest
  @EnumSource
  void whatTheTranslatorRefusesIsRefusedInTheProgramsTerms(Family f) {
    EngineRig rig = new EngineRig(f, "name:*.example.org ron");
    String fake = rig.fakeOf("www.example.org", f.server);
    rig.engine.onRefused(rig.ron, rig.nowNs);
    rig.nat.setExternal4(0);
    rig.external6(false);
    rig.send(EngineRig.syn(f.tcp(f.tun, 40_000, fake, 80)));
    byte[] reset = rig.out.only("tun");
    assertThat(tcpFlags(reset) & Tcp.RST).isNotZero();
    assertThat(source(reset)).isEqualTo(fake);
    assertThat(rig.engine.info(rig.nowNs).drops())
        .containsEntry(f.v4() ? "NAT_FULL" : "NO_IPV6", 1L);
  }

  @ParameterizedTest
  @EnumSource
  void groupsAndLinkLocalAddressesAreNotCarried(Family f) {
    EngineRig rig = new EngineRig(f, "udp ron");
    rig.send(
        Packets.udp(f.udp(f.host, 1, f.v4() ? "224.0.0.251" : "ff02::fb", 5_353), new byte[4]));
    rig.out.nothing();
    rig.send(Packets.udp(f.udp(f.host, 1, f.v4() ? "169.254.1.1" : "fe80::1", 54), new byte[4]));
    rig.out.only("tun");
    assertThat(rig.engine.info(rig.nowNs).drops()).containsEntry("LOCAL_SCOPE", 2L);
  }

  @Test
  void aCarrierTooNarrowForIpv6CarriesIpv4OnlyAndSaysSo() {
    String[] rules = {"tcp dport 80 narrow else next", "tcp dport 80-90 ron"};
    EngineRig rig = new EngineRig(rules);
    rig.send(EngineRig.syn(web(Family.V4)));
    rig.out.only("carrier " + rig.narrow);
    rig.send(EngineRig.syn(web(Family.V6)));
    rig.out.only("carrier " + rig.ron);
    assertThat(rig.engine.info(rig.nowNs).carriers())
        .filteredOn(CarrierInfo::ipv6)
        .extracting(CarrierInfo::name)
        .containsExactly("underlay", "ron", "detour");
    rig.rules("tcp dport 80 narrow else block");
    rig.send(EngineRig.syn(Family.V6.tcp(Family.V6.host, 40_001, Family.V6.server, 80)));
    assertThat(tcpFlags(rig.out.only("tun")) & Tcp.RST).isNotZero();
    rig.external6(false);
    assertThat(rig.engine.info(rig.nowNs).carriers().get(0).ipv6()).isFalse();
  }
}
