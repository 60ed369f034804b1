// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What silence, refusals and a host without a network do to carriers and their flows. */
class FailoverTest {
  private static final long MS = 1_000_000;

  private static FlowKey web(Family f) {
    return f.tcp(f.host, 40_000, f.server, 80);
  }

  private static FlowKey back(FlowKey key) {
    return new FlowKey().set(key).reverse();
  }

  /** A connection that the server has answered. */
  private static void connect(EngineRig rig, FlowKey key) {
    rig.send(EngineRig.syn(key));
    rig.receive(rig.ron, Packets.tcp(back(key), Tcp.SYN | Tcp.ACK, 500, 101, new byte[0]));
    rig.send(EngineRig.data(key, 101, 501, 0));
    rig.out.clear();
  }

  /** A packet as a TUN device gives it: its checksum is left to whoever sends it. */
  private static Burst unfinished(Family f, ByteBuffer packet) {
    int ip = f.ipBytes();
    ByteBuffer all = ByteBuffer.allocateDirect(10 + packet.capacity());
    all.put(10, packet, 0, packet.capacity());
    long pseudo = Checksum.pseudo(packet, 0, Ip.TCP, packet.capacity() - ip);
    all.putShort(10 + ip + 16, (short) Checksum.fold(pseudo));
    all.put(0, (byte) 1).put(6, (byte) ip).put(8, (byte) 16); // little-endian halves
    Burst burst = new Burst();
    assertThat(burst.checkOffloaded(all, 0, 0, all.capacity(), 0)).isNull();
    return burst;
  }

  private static int flags(byte[] packet) {
    return Tcp.flags(Packets.burst(Packets.direct(packet)));
  }

  private static CarrierState state(EngineRig rig) {
    return rig.engine.info(rig.nowNs).carriers().get(rig.ron).state();
  }

  /** Lets time pass until the carrier is in a state; how long that took, in milliseconds. */
  private static long await(EngineRig rig, CarrierState state) {
    for (long ms = 0; ms < 10_000; ms += 10) {
      if (state(rig) == state) {
        return ms;
      }
      rig.pass(10);
    }
    throw new AssertionError("never " + state);
  }

  @ParameterizedTest
  @EnumSource
  void aBlackHoleUnderADownloadIsLeftWithin700MsAndItsConnectionsEndWithin1500(Family f) {
    EngineRig rig = new EngineRig(f, "tcp dport 80 ron");
    rig.pass(5_000, rig.ron);
    connect(rig, web(f));

    assertThat(await(rig, CarrierState.SUSPECT)).isBetween(400L, 700L);
    rig.out.nothing();
    assertThat(await(rig, CarrierState.DEAD)).isBetween(500L, 900L);
    assertThat(flags(rig.out.only("tun")) & Tcp.RST).isNotZero();
  }

  @Test
  void aNodeThatIsHeardButDoesNotHearUsIsLeftToo() {
    EngineRig rig = new EngineRig("tcp dport 80 ron");
    rig.pass(5_000, rig.ron);
    FlowKey key = web(Family.V4);
    connect(rig, key);
    List<CarrierState> states = new ArrayList<>();
    for (int ms = 0; ms < 4_000 && state(rig) != CarrierState.DEAD; ms += 50) {
      rig.receive(rig.ron, EngineRig.data(back(key), 501, 101, 10));
      rig.send(EngineRig.data(key, 101, 511, 0));
      rig.out.clear();
      rig.pass(50);
      states.add(state(rig));
    }
    assertThat(states).endsWith(CarrierState.SUSPECT, CarrierState.DEAD);
    assertThat(states).hasSizeLessThan(3_000 / 50);
  }

  @ParameterizedTest
  @EnumSource
  void aConnectionThatABlackHoleSwallowedBeginsAgainByTheNextCarrier(Family f) {
    EngineRig rig = new EngineRig(f, "tcp dport 80 ron else next", "tcp detour");
    rig.pass(900, rig.ron, rig.detour);
    rig.send(EngineRig.syn(web(f)));
    byte[] first = rig.out.only("carrier " + rig.ron);

    rig.pass(700, rig.detour);

    byte[] second = rig.out.only("carrier " + rig.detour);
    assertThat(Tcp.seq(ByteBuffer.wrap(second), f.ipBytes()))
        .isEqualTo(Tcp.seq(ByteBuffer.wrap(first), f.ipBytes()));
    FlowKey back = EngineRig.keyOf(second).reverse();
    rig.receive(rig.detour, Packets.tcp(back, Tcp.SYN | Tcp.ACK, 5, 101, new byte[0]));
    rig.out.only("tun");
    rig.pass(2_000, rig.detour);
    rig.out.nothing();
    rig.receive(rig.ron, Packets.tcp(back, Tcp.SYN | Tcp.ACK, 9, 101, new byte[0]));
    rig.out.nothing();
  }

  @ParameterizedTest
  @EnumSource
  void aConnectionThatAClosedPortSwallowedBeginsAgainAtOnce(Family f) {
    EngineRig rig = new EngineRig(f, "name:*.example.org ron");
    FlowKey byName = f.tcp(f.tun, 40_000, rig.fakeOf("www.example.org", f.server), 80);
    ByteBuffer syn = EngineRig.syn(byName);
    rig.engine.onTun(unfinished(f, syn), rig.nowNs);
    rig.out.only("carrier " + rig.ron);

    rig.engine.onRefused(rig.ron, rig.nowNs);

    byte[] again = rig.out.only("underlay");
    FlowKey onWire = EngineRig.keyOf(again); // checks the checksums, too
    assertThat(EngineRig.text(onWire.dstHi, onWire.dstLo)).isEqualTo(f.server);
    assertThat(EngineRig.text(onWire.srcHi, onWire.srcLo)).isEqualTo(f.host);
  }

  @Test
  void whatARuleBlocksIsRefusedInsteadOfBegunAgain() {
    EngineRig rig = new EngineRig("tcp dport 80 ron else block");
    rig.send(EngineRig.syn(web(Family.V4)));
    rig.out.clear();

    rig.engine.onRefused(rig.ron, rig.nowNs);

    assertThat(flags(rig.out.only("tun")) & Tcp.RST).isNotZero();
  }

  @Test
  void onlyTheLastConnectionOfAPortBeginsAgainAndOnlyOnce() {
    EngineRig rig = new EngineRig("tcp dport 80 ron else next", "tcp detour");
    FlowKey key = web(Family.V4);
    rig.send(EngineRig.syn(key));
    rig.receive(rig.ron, Packets.tcp(back(key), Tcp.RST | Tcp.ACK, 0, 101, new byte[0]));
    rig.nowNs += MS;
    rig.send(Packets.tcp(key, Tcp.SYN, 9_000, 0, new byte[0]));
    rig.out.clear();
    rig.nowNs += MS;

    rig.engine.onRefused(rig.ron, rig.nowNs);
    byte[] again = rig.out.only("carrier " + rig.detour);
    assertThat(Tcp.seq(ByteBuffer.wrap(again), 20)).isEqualTo(9_000);

    rig.engine.onRefused(rig.detour, rig.nowNs);
    assertThat(flags(rig.out.only("tun")) & Tcp.RST).as("now it is told").isNotZero();
  }

  @Test
  void aThousandConnectionsAtOnceEndWellOrAreReset() {
    EngineRig rig = new EngineRig("tcp ron");
    for (int i = 0; i < 1_000; i++) {
      rig.send(EngineRig.syn(Family.V4.tcp(Family.V4.host, 20_000 + i, Family.V4.server, 80)));
    }
    rig.out.clear();
    rig.engine.onRefused(rig.ron, rig.nowNs);
    List<String> ways = new ArrayList<>();
    rig.out.take((to, packet) -> ways.add(to));
    assertThat(ways).hasSize(1_000).containsOnly("tun", "underlay");
    assertThat(ways.stream().filter("underlay"::equals)).hasSize(256);
  }

  @ParameterizedTest
  @EnumSource
  void aDatagramWithoutAnAnswerDoesNotWaitForTheVerdict(Family f) {
    EngineRig rig = new EngineRig(f, "udp dport 9000 ron");
    FlowKey key = f.udp(f.host, 5_000, f.server, 9_000);
    rig.send(Packets.udp(key, new byte[10]));
    rig.out.only("carrier " + rig.ron);
    await(rig, CarrierState.SUSPECT);
    rig.send(Packets.udp(key, new byte[10]));
    rig.out.only("underlay");
  }

  @Test
  void anAnsweredFlowStaysWithASuspect() {
    EngineRig rig = new EngineRig("any ron");
    FlowKey udp = Family.V4.udp(Family.V4.host, 5_000, Family.V4.server, 9_000);
    rig.send(Packets.udp(udp, new byte[10]));
    rig.receive(rig.ron, Packets.udp(back(udp), new byte[10]));
    connect(rig, web(Family.V4));
    await(rig, CarrierState.SUSPECT);
    rig.send(Packets.udp(udp, new byte[10]));
    rig.out.only("carrier " + rig.ron);
    rig.send(EngineRig.data(web(Family.V4), 101, 501, 10));
    rig.out.only("carrier " + rig.ron);
    rig.pass(500, rig.ron);
    assertThat(state(rig)).isEqualTo(CarrierState.ALIVE);
  }

  @Test
  void anIdleCarrierIsFoundDeadWithinThreeSecondsAndBackWithinTwo() {
    EngineRig rig = new EngineRig("tcp dport 80 ron");
    rig.pass(20_000, rig.ron);
    assertThat(await(rig, CarrierState.DEAD)).isBetween(1_200L, 3_000L);
    rig.pass(2_100, rig.ron);
    assertThat(state(rig)).isEqualTo(CarrierState.ALIVE);
  }

  @Test
  void aCarrierThatIsHeardIsProbedOnceASecond() {
    EngineRig rig = new EngineRig("tcp dport 80 ron");
    FlowKey key = web(Family.V4);
    connect(rig, key);
    rig.pass(1_000, rig.ron);
    int probes = 0;
    for (int ms = 0; ms < 10_000; ms += 10) {
      rig.nowNs += 10 * MS;
      rig.receive(rig.ron, EngineRig.data(back(key), 501, 101, 10));
      rig.engine.onTimer(rig.nowNs);
      probes += rig.out.probes.size();
      rig.out.probes.forEach(rig::hear);
      rig.out.probes.clear();
      rig.out.clear();
    }
    assertThat(probes).isBetween(9, 11);
  }

  /** A way to the entry node and back that takes its time and loses answers. */
  private static final class LongWay {
    final EngineRig rig = new EngineRig("tcp dport 80 ron");
    final Deque<Long> answers = new ArrayDeque<>();
    int notAlive;

    void pass(long millis, long rttMs, Gen gen, double loss) {
      for (long i = 0; i < millis; i += 10) {
        rig.nowNs += 10 * MS;
        while (!answers.isEmpty() && answers.getFirst() <= rig.nowNs) {
          answers.removeFirst();
          rig.hear(rig.ron);
        }
        rig.send(EngineRig.data(web(Family.V4), 101, 501, 10));
        rig.out.clear();
        rig.engine.onTimer(rig.nowNs);
        notAlive += state(rig) == CarrierState.ALIVE ? 0 : 1;
        for (int c : rig.out.probes) {
          if (c == rig.ron && !gen.chance(loss)) {
            answers.add(rig.nowNs + rttMs * MS);
          }
        }
        rig.out.probes.clear();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 20, 140, 290, 600})
  void aLongWayIsNoDeadOne(long rttMs) {
    LongWay way = new LongWay();
    Gen gen = new Gen(1);
    connect(way.rig, web(Family.V4));
    way.pass(10_000, rttMs, gen, 0);
    way.notAlive = 0;

    way.pass(60_000, rttMs, gen, 0);

    assertThat(way.notAlive).as("of 6,000 moments").isZero();
  }

  @Test
  void aWayThatBecomesLongerIsMeasuredAgain() {
    LongWay way = new LongWay();
    Gen gen = new Gen(1);
    connect(way.rig, web(Family.V4));
    way.pass(10_000, 10, gen, 0);
    way.notAlive = 0;
    way.pass(20_000, 430, gen, 0);
    assertThat(way.notAlive).as("of 2,000 moments").isZero();
    assertThat(way.rig.engine.info(way.rig.nowNs).carriers().get(way.rig.ron).rttUs())
        .isGreaterThan(300_000);
  }

  @Test
  void aWayThatLosesATenthIsNeverDeadAndRarelySuspect() {
    LongWay way = new LongWay();
    connect(way.rig, web(Family.V4));
    way.pass(600_000, 40, new Gen(1), 0.1);
    assertThat(state(way.rig)).isNotEqualTo(CarrierState.DEAD);
    assertThat(way.notAlive).as("of 60,000 moments").isLessThan(300);
    assertThat(way.rig.engine.info(way.rig.nowNs).flows()).isEqualTo(1);
  }

  @Test
  void aClientThatWasStoppedForAnHourBlamesNobody() {
    EngineRig rig = new EngineRig("tcp dport 80 ron");
    rig.pass(2_000, rig.ron);
    connect(rig, web(Family.V4));
    rig.pass(300);
    assertThat(rig.engine.nextDeadlineNs()).isLessThan(rig.nowNs + 1_000 * MS);

    for (int i = 0; i < 3; i++) {
      rig.nowNs += 3_600 * EngineRig.SECOND_NS / 3;
      rig.engine.onTimer(rig.nowNs);
      assertThat(state(rig)).isEqualTo(CarrierState.ALIVE);
      rig.hear(rig.ron);
    }
    rig.out.nothing();
  }

  @Test
  void aHostWithoutANetworkKeepsItsConnections() {
    EngineRig rig = new EngineRig("tcp dport 80 ron");
    connect(rig, web(Family.V4));
    rig.out.offline = true;
    rig.pass(30_000);
    assertThat(state(rig)).as("no new connections").isEqualTo(CarrierState.SUSPECT);
    rig.out.nothing();

    rig.out.offline = false;
    rig.engine.onHostChange(rig.nowNs);
    rig.pass(20, rig.ron);

    assertThat(state(rig)).isEqualTo(CarrierState.ALIVE);
    rig.send(EngineRig.data(web(Family.V4), 101, 501, 10));
    rig.out.only("carrier " + rig.ron);
  }

  @Test
  void aHostThatChangesAllTheTimeStillFindsOut() {
    EngineRig rig = new EngineRig("tcp dport 80 ron");
    connect(rig, web(Family.V4));
    for (int i = 0; i < 40 && state(rig) != CarrierState.DEAD; i++) {
      rig.engine.onHostChange(rig.nowNs);
      rig.pass(100);
    }
    assertThat(state(rig)).isEqualTo(CarrierState.DEAD);
  }

  @ParameterizedTest
  @EnumSource
  void anotherAddressOfTheHostEndsConnectionsThatTheEntryNodeDoesNotKnowByIt(Family f) {
    EngineRig rig = new EngineRig(f, "tcp dport 80 ron", "udp dport 9000 ron");
    FlowKey udp = f.udp(f.host, 5_000, f.server, 9_000);
    rig.send(Packets.udp(udp, new byte[10]));
    connect(rig, web(f));

    rig.engine.onMoved(rig.ron, rig.nowNs);

    assertThat(flags(rig.out.only("tun")) & Tcp.RST).isNotZero();
    rig.send(Packets.udp(udp, new byte[10]));
    rig.out.only("carrier " + rig.ron);
    rig.send(EngineRig.syn(web(f)));
    rig.out.only("carrier " + rig.ron);
  }
}
