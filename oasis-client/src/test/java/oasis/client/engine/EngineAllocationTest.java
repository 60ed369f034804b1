// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.rules.Rule;
import oasis.rules.RuleException;
import oasis.rules.RuleSet;
import oasis.testkit.NoAllocation;
import oasis.testkit.Packets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Packets of known flows cost no garbage: both ways, by overlay and underlay, with fakes. */
class EngineAllocationTest {
  private static final int ROUNDS = 3_000;
  private static final String NAME = "www.example.org";

  private final Silent silent = new Silent();
  private final List<Runnable> work = new ArrayList<>();
  private final EngineRig rig = new EngineRig();
  private final ClientEngine engine =
      new ClientEngine(
          EngineConfig.defaults(1_400, 1),
          rig.fakes,
          rig.fakes6,
          rig.nat,
          new Scratch(ByteBuffer.allocateDirect(Scratch.BYTES), 0),
          silent);
  private final int ron = engine.addCarrier("ron", 1_400, rig.nowNs);

  private void rules(String... texts) {
    List<Rule> rules = new ArrayList<>();
    int[] carriers = new int[texts.length];
    try {
      for (int i = 0; i < texts.length; i++) {
        rules.add(Rule.parse(texts[i]));
        carriers[i] = texts[i].endsWith("ron") ? ron : Carriers.UNDERLAY;
      }
    } catch (RuleException e) {
      throw new AssertionError(e);
    }
    engine.onProbeAnswer(ron, rig.nowNs);
    engine.setRules(RuleSet.compile(rules), carriers, rig.nowNs);
  }

  /** A packet that the programs send again and again. */
  private void outbound(ByteBuffer packet) {
    repeat(packet, burst -> engine.onTun(burst, rig.nowNs));
  }

  private void inbound(ByteBuffer packet) {
    repeat(packet, burst -> engine.onCarrier(ron, burst, rig.nowNs));
  }

  private void fromUnderlay(ByteBuffer packet) {
    repeat(packet, burst -> engine.onUnderlay(burst, rig.nowNs));
  }

  private interface Handler {
    void take(Burst burst);
  }

  private void repeat(ByteBuffer packet, Handler handler) {
    byte[] fresh = new byte[packet.capacity()];
    packet.get(0, fresh);
    Burst burst = new Burst();
    work.add(
        () -> {
          packet.put(0, fresh);
          if (burst.check(packet, 0, 0, fresh.length) == null) {
            handler.take(burst);
          }
        });
  }

  /** An offloaded burst, as the TUN device gives it. */
  private void outboundBurst(Burst first, int segmentBytes) {
    ByteBuffer all = first.buffer();
    byte[] fresh = new byte[all.capacity()];
    all.get(0, fresh);
    Burst burst = new Burst();
    work.add(
        () -> {
          all.put(0, fresh);
          if (burst.checkOffloaded(all, 0, 0, fresh.length, 0) == null) {
            engine.onTun(burst, rig.nowNs);
          }
        });
    assertThat(first.segmentBytes()).isEqualTo(segmentBytes);
  }

  private void check(int effectsPerRound) {
    work.forEach(Runnable::run);
    long before = silent.count;
    work.forEach(Runnable::run);
    assertThat(silent.count - before).as("effects of a round").isEqualTo(effectsPerRound);
    NoAllocation.check(ROUNDS, () -> work.forEach(Runnable::run));
  }

  private String fake(Family f) {
    rig.rules("name:*.example.org ron");
    return rig.fakeOf(NAME, f.server);
  }

  @ParameterizedTest
  @EnumSource
  void byAnOverlayBothWays(Family f) {
    rules("name:*.example.org ron", "udp dport 9000 ron");
    String fake = fake(f);
    FlowKey tcp = f.tcp(f.tun, 40_000, fake, 80);
    FlowKey udp = f.udp(f.host, 5_000, f.server, 9_000);
    engine.onTun(Packets.burst(EngineRig.syn(tcp)), rig.nowNs);
    outbound(EngineRig.data(tcp, 101, 1, 1_000));
    outboundBurst(f.offloaded(EngineRig.data(tcp, 101, 1, 8_000), 1_300), 1_300);
    inbound(EngineRig.data(f.tcp(f.server, 80, f.tun, 40_000), 1, 101, 1_000));
    outbound(Packets.udp(udp, new byte[500]));
    outboundBurst(f.offloaded(Packets.udp(udp, new byte[6_000]), 1_200), 1_200);
    inbound(Packets.udp(f.udp(f.server, 9_000, f.host, 5_000), new byte[500]));
    for (ByteBuffer fragment : f.cut(Packets.udp(udp, new byte[2_000]), 1_200, 9)) {
      outbound(fragment);
    }
    byte[] quoted = Packets.bytes(Packets.burst(Packets.udp(udp, new byte[20])));
    inbound(f.error(f.router, f.host, Family.Fault.TOO_BIG, quoted));
    check(9);
  }

  @ParameterizedTest
  @EnumSource
  void byTheUnderlayBothWays(Family f) {
    rules("tcp dport 80 underlay", "udp dport 9000 underlay");
    FlowKey tcp = f.tcp(f.host, 40_000, f.server, 80);
    FlowKey udp = f.udp(f.host, 5_000, f.server, 9_000);
    engine.onTun(Packets.burst(EngineRig.syn(tcp)), rig.nowNs);
    final FlowKey tcpBack = silent.last().reverse();
    engine.onTun(Packets.burst(Packets.udp(udp, new byte[20])), rig.nowNs);
    final FlowKey udpBack = silent.last().reverse();
    outbound(EngineRig.data(tcp, 101, 1, 1_000));
    outboundBurst(f.offloaded(EngineRig.data(tcp, 101, 1, 8_000), 1_300), 1_300);
    fromUnderlay(EngineRig.data(tcpBack, 1, 101, 1_000));
    outbound(Packets.udp(udp, new byte[500]));
    outboundBurst(f.offloaded(Packets.udp(udp, new byte[6_000]), 1_200), 1_200);
    fromUnderlay(Packets.udp(udpBack, new byte[500]));
    check(6);
  }

  @ParameterizedTest
  @EnumSource
  void refusals(Family f) {
    rules("udp dport 9000 ron", "udp dport 9001 underlay");
    FlowKey udp = f.udp(f.host, 5_000, f.server, 9_000);
    FlowKey mediated = f.udp(f.host, 5_000, f.server, 9_001);
    outbound(Packets.udp(udp, new byte[1_450]));
    outbound(Packets.udp(f.udp(f.tun, 5_000, f.unknownFake(), 9_000), new byte[10]));
    silent.pathMtu = 1_290;
    outbound(Packets.udp(mediated, new byte[1_300]));
    work.add(() -> rig.nowNs += 1_000_000_000L);
    check(4);
  }

  @ParameterizedTest
  @EnumSource
  void cutting(Family f) {
    rules("udp dport 9000 ron");
    FlowKey udp = f.udp(f.host, 5_000, f.server, 9_000);
    ByteBuffer packet = Packets.udp(udp, new byte[2_700]);
    outbound(f.v4() ? Family.mayFragment(packet) : packet);
    work.add(() -> rig.nowNs += 1_000_000L);
    check(f.v4() ? 2 : 1);
  }

  /** Effects that cost nothing. */
  private static final class Silent implements Effects {
    private final FlowKey key = new FlowKey();
    long count;
    int pathMtu = 65_535;

    /** The 5-tuple of what went to the underlay last. */
    FlowKey last() {
      return new FlowKey()
          .set(
              key.srcHi, key.srcLo, key.dstHi, key.dstLo, key.protocol(), key.sport(), key.dport());
    }

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
      key.of(burst);
      int payload = burst.segmentBytes() == 0 ? burst.payloadBytes() : burst.segmentBytes();
      return burst.headerBytes() + payload > pathMtu ? pathMtu : 0;
    }

    @Override
    public int underlayMtu(long hi, long lo) {
      return pathMtu;
    }

    @Override
    public boolean probe(int carrier) {
      count++;
      return true;
    }
  }
}
