// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Prefix;
import oasis.testkit.NoAllocation;
import oasis.testkit.Packets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a node tells of flows that it relays. */
class RelayFlowsTest {
  private static final Address ALICE = Address.parse("192.0.2.1");
  private static final Address THERE = Address.parse("198.51.100.7");

  private final RecordingEffects out = new RecordingEffects();

  private ExitEngine engine(World world, ExitLimits limits) {
    ExitEngine engine = world.engine(limits, List.of(), 1, out);
    engine.setPeers(List.of(there(world)), 0);
    return engine;
  }

  private static Peer there(World world) {
    List<Prefix> behind = List.of(Prefix.parse(world.v4 ? "203.0.113.0/24" : "2600:9::/32"));
    return new Peer("there", THERE.hi(), THERE.lo(), 4700, 0, false, behind);
  }

  private static void send(ExitEngine engine, FlowKey flow, long now) {
    ByteBuffer packet = Packets.udp(flow, EngineRig.DATA);
    engine.onClient(Packets.burst(packet), ALICE.hi(), ALICE.lo(), 4000, now);
  }

  @ParameterizedTest
  @EnumSource(World.class)
  void itsBeginAndEndAreTold(World world) {
    ExitEngine engine = engine(world, ExitLimits.DEFAULT);
    FlowKey flow = world.key(Ip.UDP, 5000, 9);
    send(engine, flow, 0);
    send(engine, flow, 1_000_000);
    FlowKey back = EngineRig.key(out.toClient.get(1).packet()).reverse();
    String mapped = Snapshots.endpoint(back.dstHi, back.dstLo, 5000);
    engine.onClient(
        Packets.burst(Packets.udp(back, EngineRig.DATA)), THERE.hi(), THERE.lo(), 4700, 2_000_000);
    assertThat(out.beganFlows)
        .singleElement()
        .satisfies(
            began -> {
              assertThat(began.state()).isEqualTo("relayed");
              assertThat(began.mapped()).as("what the other node logs").isEqualTo(mapped);
              assertThat(began.client()).isEqualTo("192.0.2.1:4000");
            });
    engine.onDue(2_000_000 + RelayFlows.IDLE_NS - 1);
    assertThat(out.endedFlows).isEmpty();
    engine.onDue(2_000_000 + RelayFlows.IDLE_NS);
    assertThat(out.endedFlows)
        .singleElement()
        .satisfies(
            ended -> {
              assertThat(ended.mapped()).isEqualTo(mapped);
              assertThat(ended.outPkts()).isEqualTo(2);
              assertThat(ended.inPkts()).isEqualTo(1);
            });
    assertThat(engine.view().flows(9, 0)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(World.class)
  void allAreVisitedAFewAtATimeBesideThoseThatLeaveHere(World world) {
    ExitEngine engine = engine(world, ExitLimits.DEFAULT);
    for (int i = 0; i < 5; i++) {
      send(engine, world.key(Ip.UDP, 5000 + i, 9), 0);
    }
    engine.setPeers(List.of(), 0);
    for (int i = 0; i < 3; i++) {
      send(engine, world.key(Ip.UDP, 6000 + i, 9), 0);
    }
    List<String> seen = new ArrayList<>();
    int calls = 0;
    for (int next = 0; next >= 0; calls++) {
      next =
          engine.view().visitFlows(next, 2, flow -> seen.add(flow.relayed + " " + flow.sourcePort));
    }
    assertThat(seen)
        .containsExactlyInAnyOrder(
            "true 5000",
            "true 5001",
            "true 5002",
            "true 5003",
            "true 5004",
            "false 6000",
            "false 6001",
            "false 6002");
    assertThat(calls).isEqualTo(4);
    engine.stop(0);
    assertThat(out.endedFlows).hasSize(8);
  }

  @ParameterizedTest
  @EnumSource(World.class)
  void theLimitsOfFlowsHold(World world) {
    ExitEngine engine = engine(world, new ExitLimits(9, 8, 3, 2, 1000));
    for (int i = 0; i < 3; i++) {
      send(engine, world.key(Ip.UDP, 5000 + i, 9), 0);
    }
    assertThat(engine.view().info().drops()).containsEntry("CLIENT_FLOW_LIMIT", 1L);
    assertThat(out.beganFlows).hasSize(2);
    engine.onDue(RelayFlows.IDLE_NS);
    send(engine, world.key(Ip.UDP, 5009, 9), RelayFlows.IDLE_NS);
    assertThat(out.beganFlows).as("there is room again").hasSize(3);
  }

  @ParameterizedTest
  @EnumSource(World.class)
  void aSteadyFlowDoesNotAllocate(World world) {
    ExitEngine engine =
        world.engine(ExitLimits.DEFAULT, List.of(), 1, new SteadyFlowTest.CountingEffects());
    engine.setPeers(List.of(there(world)), 0);
    byte[] packet = EngineRig.bytes(Packets.udp(world.key(Ip.UDP, 5000, 9), EngineRig.DATA));
    ByteBuffer memory = ByteBuffer.allocateDirect(2000);
    Burst burst = new Burst();
    NoAllocation.check(
        3_000,
        () -> {
          memory.put(0, packet);
          if (burst.check(memory, 0, 0, packet.length) != null) {
            throw new AssertionError("not a packet");
          }
          engine.onClient(burst, ALICE.hi(), ALICE.lo(), 4000, 1);
        });
  }
}
