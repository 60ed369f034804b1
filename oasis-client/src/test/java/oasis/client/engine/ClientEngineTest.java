// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.rules.Rule;
import oasis.rules.RuleException;
import oasis.rules.RuleSet;
import oasis.testkit.NoAllocation;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

class ClientEngineTest {
  private static final FlowKey WEB = EngineRig.tcpKey(EngineRig.HOST, 40_000, EngineRig.SERVER, 80);

  private static FlowKey copy(FlowKey key) {
    FlowKey copy = new FlowKey();
    copy.srcHi = key.srcHi;
    copy.srcLo = key.srcLo;
    copy.dstHi = key.dstHi;
    copy.dstLo = key.dstLo;
    copy.ports = key.ports;
    return copy;
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
    return packet[33] & 0xff;
  }

  private static int mss(byte[] packet) {
    return (packet[42] & 0xff) << 8 | packet[43] & 0xff;
  }

  @Test
  void aHeaderRuleSendsItsFlowByItsCarrierUnchanged() {
    EngineRig rig = new EngineRig("tcp dport 80 ron");
    rig.send(EngineRig.syn(WEB));
    byte[] sent = rig.out.only("carrier " + rig.ron);
    assertThat(destination(sent)).isEqualTo(EngineRig.SERVER);
    assertThat(mss(sent)).as("MSS fits the carrier").isEqualTo(1_360);
    rig.receive(rig.ron, EngineRig.data(copy(WEB).reverse(), 1, 101, 10));
    assertThat(source(rig.out.only("tun"))).isEqualTo(EngineRig.SERVER);
  }

  @Test
  void aFlowKeepsItsCarrierWhenTheRulesChange() {
    EngineRig rig = new EngineRig("tcp dport 80 ron");
    rig.send(EngineRig.syn(WEB));
    rig.out.only("carrier " + rig.ron);
    rig.rules("tcp dport 80 detour");
    rig.send(EngineRig.data(WEB, 101, 1, 10));
    rig.out.only("carrier " + rig.ron);
    rig.rules();
    rig.send(EngineRig.data(WEB, 111, 1, 10));
    rig.out.only("carrier " + rig.ron);
  }

  @Test
  void aNameRuleGivesAFakeAddressAndTranslatesBothWays() {
    EngineRig rig = new EngineRig("name:*.example.org ron");
    String fake = rig.fakeOf("www.example.org", EngineRig.SERVER);
    assertThat(fake).startsWith("198.18.");
    FlowKey key = EngineRig.tcpKey(EngineRig.TUN, 40_000, fake, 80);
    rig.send(EngineRig.syn(key));
    assertThat(destination(rig.out.only("carrier " + rig.ron))).isEqualTo(EngineRig.SERVER);
    FlowKey back = EngineRig.tcpKey(EngineRig.SERVER, 80, EngineRig.TUN, 40_000);
    rig.receive(rig.ron, EngineRig.data(back, 1, 101, 10));
    assertThat(source(rig.out.only("tun"))).isEqualTo(fake);
  }

  @Test
  void pingByNameCarriesEchoes() {
    EngineRig rig = new EngineRig("name:*.example.org ron");
    String fake = rig.fakeOf("www.example.org", EngineRig.SERVER);
    rig.send(Packets.echo(Packets.key(Ip.ICMP, EngineRig.TUN, 77, fake, 77), true, 1));
    assertThat(destination(rig.out.only("carrier " + rig.ron))).isEqualTo(EngineRig.SERVER);
    FlowKey back = Packets.key(Ip.ICMP, EngineRig.SERVER, 77, EngineRig.TUN, 77);
    rig.receive(rig.ron, Packets.echo(back, false, 1));
    assertThat(source(rig.out.only("tun"))).isEqualTo(fake);
  }

  @Test
  void whenTheCarrierIsDeadAtConnectionTimeTheUnderlayServes() {
    EngineRig rig = new EngineRig("name:*.example.org ron");
    String fake = rig.fakeOf("www.example.org", EngineRig.SERVER);
    rig.engine.onRefused(rig.ron, rig.nowNs);
    FlowKey key = EngineRig.tcpKey(EngineRig.TUN, 40_000, fake, 80);
    rig.send(EngineRig.syn(key));
    byte[] sent = rig.out.only("underlay");
    assertThat(source(sent)).isEqualTo(EngineRig.HOST);
    assertThat(destination(sent)).isEqualTo(EngineRig.SERVER);
    FlowKey onWire = EngineRig.keyOf(sent);
    assertThat(onWire.sport()).isBetween(61_000, 64_999);
    rig.receive(
        Carriers.UNDERLAY, Packets.tcp(onWire.reverse(), Tcp.SYN | Tcp.ACK, 5, 101, new byte[0]));
    byte[] got = rig.out.only("tun");
    assertThat(source(got)).isEqualTo(fake);
    assertThat(EngineRig.keyOf(got).dport()).isEqualTo(40_000);
  }

  @Test
  void elseBlockRefusesAndElseNextAsksTheNextRule() {
    EngineRig rig = new EngineRig("tcp dport 80 ron else block", "tcp dport 80-90 detour");
    rig.engine.onRefused(rig.ron, rig.nowNs);
    rig.send(EngineRig.syn(WEB));
    assertThat(tcpFlags(rig.out.only("tun")) & Tcp.RST).isNotZero();
    rig.rules("tcp dport 80 ron else next", "tcp dport 80-90 detour");
    rig.send(EngineRig.syn(WEB));
    rig.out.only("carrier " + rig.detour);
  }

  @Test
  void aCarrierThatWasNeverHeardGetsNoFlow() {
    EngineRig rig = new EngineRig("tcp dport 80 unknown");
    rig.send(EngineRig.syn(WEB));
    rig.out.only("underlay");
  }

  @Test
  void aDyingCarrierResetsItsTcpFlowsAndItsUdpFlowsChooseAgain() {
    EngineRig rig = new EngineRig("tcp dport 80 ron", "udp dport 9000 ron");
    FlowKey udp = Packets.key(Ip.UDP, EngineRig.HOST, 5_000, EngineRig.SERVER, 9_000);
    rig.send(EngineRig.syn(WEB));
    rig.send(EngineRig.data(WEB, 101, 777, 0));
    rig.send(Packets.udp(udp, new byte[10]));
    rig.out.clear();
    rig.engine.onRefused(rig.ron, rig.nowNs);
    byte[] reset = rig.out.only("tun");
    assertThat(tcpFlags(reset) & Tcp.RST).isNotZero();
    assertThat(source(reset)).isEqualTo(EngineRig.SERVER);
    assertThat(ByteBuffer.wrap(reset).getInt(24)).as("sequence number").isEqualTo(777);
    rig.send(Packets.udp(udp, new byte[10]));
    rig.out.only("underlay");
    rig.send(EngineRig.data(WEB, 101, 777, 5));
    assertThat(tcpFlags(rig.out.only("tun")) & Tcp.RST).isNotZero();
  }

  @Test
  void silenceMakesACarrierSuspectWithinThreeSecondsAndDeadWithinSix() {
    EngineRig rig = new EngineRig("tcp dport 80 ron");
    rig.pass(20_000, rig.ron);
    assertThat(state(rig, "ron")).isEqualTo(CarrierState.ALIVE);
    rig.pass(3_000);
    assertThat(state(rig, "ron")).isEqualTo(CarrierState.SUSPECT);
    rig.pass(3_000);
    assertThat(state(rig, "ron")).isEqualTo(CarrierState.DEAD);
    rig.pass(2_000, rig.ron);
    assertThat(state(rig, "ron")).isEqualTo(CarrierState.ALIVE);
  }

  @Test
  void whatIsStillOnItsWayDoesNotReviveADeadCarrier() {
    EngineRig rig = new EngineRig("tcp dport 80 ron");
    rig.send(EngineRig.syn(WEB));
    rig.engine.onRefused(rig.ron, rig.nowNs);
    rig.nowNs += 300_000_000L;
    rig.receive(rig.ron, EngineRig.data(copy(WEB).reverse(), 1, 101, 10));
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

  @Test
  void anUnknownFakeIsRefusedAtOnce() {
    EngineRig rig = new EngineRig("name:*.example.org ron");
    rig.send(EngineRig.syn(EngineRig.tcpKey(EngineRig.TUN, 40_000, "198.18.7.7", 80)));
    assertThat(tcpFlags(rig.out.only("tun")) & Tcp.RST).isNotZero();
    rig.send(Packets.udp(Packets.key(Ip.UDP, EngineRig.TUN, 1, "198.18.7.7", 9_000), new byte[4]));
    assertThat(rig.out.only("tun")[20]).as("ICMP type").isEqualTo((byte) 3);
    assertThat(rig.engine.info(rig.nowNs).drops()).containsEntry("UNKNOWN_FAKE", 2L);
  }

  @Test
  void aSegmentOfAnUnknownConnectionIsReset() {
    EngineRig rig = new EngineRig("tcp dport 80 ron");
    rig.send(EngineRig.data(WEB, 101, 777, 5));
    assertThat(tcpFlags(rig.out.only("tun")) & Tcp.RST).isNotZero();
  }

  @Test
  void packetsFromACarrierThatDoesNotHoldTheFlowAreDropped() {
    EngineRig rig = new EngineRig("tcp dport 80 ron");
    rig.send(EngineRig.syn(WEB));
    rig.out.clear();
    rig.receive(rig.detour, EngineRig.data(copy(WEB).reverse(), 1, 101, 10));
    rig.receive(
        rig.ron,
        EngineRig.data(EngineRig.tcpKey("203.0.113.9", 80, EngineRig.HOST, 40_000), 1, 1, 1));
    rig.out.nothing();
    assertThat(rig.engine.info(rig.nowNs).drops())
        .containsEntry("NOT_GRANTED", 1L)
        .containsEntry("NO_FLOW", 1L);
  }

  @Test
  void anIcmpErrorAboutAFakeFlowReachesTheProgramInItsOwnTerms() {
    EngineRig rig = new EngineRig("name:*.example.org ron");
    String fake = rig.fakeOf("www.example.org", EngineRig.SERVER);
    FlowKey key = Packets.key(Ip.UDP, EngineRig.TUN, 5_000, fake, 9_000);
    rig.send(Packets.udp(key, new byte[20]));
    byte[] sent = rig.out.only("carrier " + rig.ron);
    byte[] rest = new byte[4 + 28];
    System.arraycopy(sent, 0, rest, 4, 28);
    FlowKey back = Packets.key(Ip.ICMP, EngineRig.SERVER, 0, EngineRig.TUN, 0);
    rig.receive(rig.ron, Packets.icmp(back, 3, 3, rest));
    byte[] got = rig.out.only("tun");
    assertThat(source(got)).isEqualTo(fake);
    byte[] quotedDestination = Arrays.copyOfRange(got, 28 + 16, 28 + 20);
    assertThat(
            EngineRig.text(
                0, 0xffff_0000_0000L | ByteBuffer.wrap(quotedDestination).getInt() & 0xffff_ffffL))
        .isEqualTo(fake);
  }

  /** Cuts an IPv4 packet into two fragments; the first has {@code head} bytes of payload. */
  private static ByteBuffer[] cut(ByteBuffer packet, int head) {
    ByteBuffer first = ByteBuffer.allocateDirect(20 + head).put(0, packet, 0, 20 + head);
    int rest = packet.capacity() - 20 - head;
    ByteBuffer later = ByteBuffer.allocateDirect(20 + rest).put(0, packet, 0, 20);
    later.put(20, packet, 20 + head, rest);
    first.putShort(6, (short) 0x2000);
    later.putShort(6, (short) (head / 8));
    for (ByteBuffer fragment : new ByteBuffer[] {first, later}) {
      fragment.putShort(2, (short) fragment.capacity()).putShort(10, (short) 0);
      fragment.putShort(10, (short) Checksum.finish(Checksum.sum(fragment, 0, 20, 0)));
    }
    return new ByteBuffer[] {first, later};
  }

  @Test
  void laterFragmentsFollowTheFirstBothWays() {
    EngineRig rig = new EngineRig("name:*.example.org ron");
    String fake = rig.fakeOf("www.example.org", EngineRig.SERVER);
    FlowKey key = Packets.key(Ip.UDP, EngineRig.TUN, 5_000, fake, 9_000);
    for (ByteBuffer fragment : cut(Packets.udp(key, new byte[2_000]), 1_200)) {
      rig.send(fragment);
      byte[] sent = rig.out.only("carrier " + rig.ron);
      assertThat(
              EngineRig.text(
                  0, 0xffff_0000_0000L | ByteBuffer.wrap(sent).getInt(16) & 0xffff_ffffL))
          .isEqualTo(EngineRig.SERVER);
    }
    FlowKey back = Packets.key(Ip.UDP, EngineRig.SERVER, 9_000, EngineRig.TUN, 5_000);
    for (ByteBuffer fragment : cut(Packets.udp(back, new byte[2_000]), 1_200)) {
      rig.receive(rig.ron, fragment);
      byte[] got = rig.out.only("tun");
      assertThat(
              EngineRig.text(0, 0xffff_0000_0000L | ByteBuffer.wrap(got).getInt(12) & 0xffff_ffffL))
          .isEqualTo(fake);
    }
    ByteBuffer stray = cut(Packets.udp(key, new byte[2_000]), 1_200)[1];
    stray.putShort(4, (short) 99).putShort(10, (short) 0);
    stray.putShort(10, (short) Checksum.finish(Checksum.sum(stray, 0, 20, 0)));
    rig.send(stray);
    rig.out.nothing();
    assertThat(rig.engine.info(rig.nowNs).drops()).containsEntry("FRAGMENT", 1L);
  }

  @Test
  void flowsEndBySilenceAndLetTheirFakeGo() {
    EngineRig rig = new EngineRig("name:*.example.org ron");
    String fake = rig.fakeOf("www.example.org", EngineRig.SERVER);
    rig.send(Packets.udp(Packets.key(Ip.UDP, EngineRig.TUN, 5_000, fake, 9_000), new byte[20]));
    int entry = rig.fakes.find(0, Address.parse(fake).lo());
    assertThat(rig.fakes.holds(entry)).isEqualTo(1);
    rig.pass(320_000, rig.ron);
    assertThat(rig.fakes.holds(entry)).isZero();
    assertThat(rig.engine.flows(10, rig.nowNs)).isEmpty();
  }

  @Test
  void aFullFlowMapMakesRoomFromFlowsThatAreOver() {
    EngineRig rig = new EngineRig("tcp dport 80 ron");
    for (int i = 0; i < 66_000; i++) {
      FlowKey key =
          EngineRig.tcpKey(
              "192.0.2." + (10 + i / 30_000), 10_000 + i % 30_000, EngineRig.SERVER, 80);
      rig.send(EngineRig.syn(key));
      rig.send(Packets.tcp(key, Tcp.RST, 101, 0, new byte[0]));
      rig.out.clear();
    }
    assertThat(rig.engine.info(rig.nowNs).drops()).doesNotContainKey("FLOW_LIMIT");
  }

  @Test
  void anEstablishedFlowAllocatesNothing() {
    EngineRig rig = new EngineRig("tcp dport 80 ron", "tcp dport 81 unknown");
    FlowKey under = EngineRig.tcpKey(EngineRig.HOST, 40_000, EngineRig.SERVER, 81);
    Silent silent = new Silent();
    ClientEngine engine =
        new ClientEngine(
            EngineConfig.defaults(1_400, 1),
            rig.fakes,
            rig.fakes6,
            rig.nat,
            new Scratch(ByteBuffer.allocateDirect(Scratch.BYTES), 0),
            silent);
    int ron = engine.addCarrier("ron", 1_400, rig.nowNs);
    engine.onProbeAnswer(ron, rig.nowNs);
    engine.setRules(
        RuleSet.compile(List.of(parse("tcp dport 80 ron"), parse("tcp dport 81 underlay"))),
        new int[] {ron, Carriers.UNDERLAY},
        rig.nowNs);
    engine.onTun(Packets.burst(EngineRig.syn(WEB)), rig.nowNs);
    engine.onTun(Packets.burst(EngineRig.syn(under)), rig.nowNs);
    ByteBuffer out = EngineRig.data(WEB, 101, 1, 1_000);
    ByteBuffer in = EngineRig.data(copy(WEB).reverse(), 1, 101, 1_000);
    ByteBuffer mediated = EngineRig.data(under, 101, 1, 1_000);
    byte[] fresh = new byte[mediated.capacity()];
    mediated.get(0, fresh);
    Burst burst = new Burst();
    NoAllocation.check(
        5_000,
        () -> {
          burst.check(out, 0, 0, out.capacity());
          engine.onTun(burst, rig.nowNs);
          burst.check(in, 0, 0, in.capacity());
          engine.onCarrier(ron, burst, rig.nowNs);
          mediated.put(0, fresh);
          burst.check(mediated, 0, 0, mediated.capacity());
          engine.onTun(burst, rig.nowNs);
        });
    assertThat(silent.count).isPositive();
  }

  private static Rule parse(String text) {
    try {
      return Rule.parse(text);
    } catch (RuleException e) {
      throw new AssertionError(e);
    }
  }

  /** Effects that cost nothing. */
  private static final class Silent implements Effects {
    long count;

    @Override
    public void toTun(Burst burst) {
      count++;
    }

    @Override
    public void toCarrier(int carrier, Burst burst) {
      count++;
    }

    @Override
    public int toUnderlay(Burst burst) {
      count++;
      return 0;
    }

    @Override
    public void probe(int carrier) {
      count++;
    }
  }
}
