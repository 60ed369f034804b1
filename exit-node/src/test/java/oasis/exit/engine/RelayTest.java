// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Icmp;
import oasis.packet.IcmpInner;
import oasis.packet.Ip;
import oasis.packet.Prefix;
import oasis.testkit.Packets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Nodes that know each other: what one sends to another's endpoint arrives there. */
class RelayTest {
  private static final Address ALICE = Address.parse("192.0.2.1");
  private static final Address BOB = Address.parse("192.0.2.2");

  /** A node with an address of its own, at port 4700. */
  private static final class Node {
    final Address address;
    final RecordingEffects out = new RecordingEffects();
    final ExitEngine engine;

    Node(World world, int host) {
      address = Address.parse("198.51.100." + host);
      engine = world.engine(ExitLimits.DEFAULT, List.of(), host, out);
    }

    Peer as(String name, String... prefixes) {
      List<Prefix> list = new ArrayList<>();
      for (String prefix : prefixes) {
        list.add(Prefix.parse(prefix));
      }
      return new Peer(name, address.hi(), address.lo(), 4700, 0, false, list);
    }

    String endpoint() {
      return Snapshots.endpoint(address.hi(), address.lo(), 4700);
    }
  }

  private final Map<String, Node> nodes = new HashMap<>();
  private int hops;

  private Node node(World world, int host) {
    Node node = new Node(world, host);
    nodes.put(node.endpoint(), node);
    return node;
  }

  private static String far(World world) {
    return world.v4 ? "203.0.113.0/24" : "2600:9::/32";
  }

  private static void send(Node node, Address from, ByteBuffer packet) {
    node.engine.onClient(Packets.burst(packet), from.hi(), from.lo(), 4000, 0);
  }

  /** Brings what nodes sent to nodes to them, until nothing is under way. */
  private void carry() {
    ArrayDeque<Node> busy = new ArrayDeque<>(nodes.values());
    while (!busy.isEmpty()) {
      Node from = busy.remove();
      for (List<RecordingEffects.ToClient> list : List.of(from.out.toClient, from.out.replies)) {
        for (RecordingEffects.ToClient each : List.copyOf(list)) {
          Node to = nodes.get(each.endpoint());
          if (to != null) {
            list.remove(each);
            hops++;
            ByteBuffer packet = Packets.direct(each.packet());
            to.engine.onClient(
                Packets.burst(packet), from.address.hi(), from.address.lo(), 4700, 0);
            busy.add(to);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(World.class)
  void twoClientsWithOneInnerAddressTalkThroughAnotherNode(World world) {
    Node first = node(world, 1);
    Node second = node(world, 2);
    first.engine.setPeers(List.of(second.as("second", far(world))), 0);
    second.engine.setPeers(List.of(first.as("first")), 0);
    FlowKey flow = world.key(Ip.UDP, 5000, 9);
    for (Address from : List.of(ALICE, BOB)) {
      send(first, from, Packets.udp(flow, EngineRig.DATA));
      carry();
      assertThat(first.out.toUnderlay).isEmpty();
      byte[] sent = second.out.onlySent();
      Packets.assertChecksums(sent);
      FlowKey back = EngineRig.key(sent).reverse();
      second.engine.onUnderlay(Packets.burst(Packets.udp(back, EngineRig.DATA)), 0);
      carry();
      RecordingEffects.ToClient got = first.out.onlyClient();
      Packets.assertChecksums(got.packet());
      assertThat(got.endpoint()).isEqualTo(Snapshots.endpoint(from.hi(), from.lo(), 4000));
      FlowKey arrived = EngineRig.key(got.packet()).reverse();
      assertThat(arrived.srcLo).isEqualTo(flow.srcLo);
      assertThat(arrived.dstLo).isEqualTo(flow.dstLo);
      assertThat(arrived.ports).isEqualTo(flow.ports);
    }
    assertThat(second.engine.view().info().flows()).isEqualTo(2);
    assertThat(second.engine.view().info().clients()).as("a peer is no client").isZero();
    assertThat(second.engine.view().clients(9)).isEmpty();
    assertThat(second.engine.view().peers())
        .singleElement()
        .satisfies(
            peer -> {
              assertThat(peer.peer()).isEqualTo("first");
              assertThat(peer.outPkts()).isEqualTo(2);
              assertThat(peer.inPkts()).isEqualTo(2);
              assertThat(peer.sources()).isEqualTo(2);
            });
    assertThat(first.engine.view().clients(9)).hasSize(2);
    assertThat(first.engine.view().info().flows()).as("nothing is translated").isZero();
    List<FlowInfo> there = second.engine.view().flows(9, 0);
    assertThat(first.engine.view().flows(9, 0))
        .as("this node can tell who is behind what the other one knows")
        .extracting(FlowInfo::mapped)
        .containsExactlyInAnyOrderElementsOf(there.stream().map(FlowInfo::source).toList());
  }

  @ParameterizedTest
  @EnumSource(World.class)
  void errorsOnTheWayComeBackAsAboutTheClientsPacket(World world) {
    Node first = node(world, 1);
    Node second = node(world, 2);
    first.engine.setPeers(List.of(second.as("second", far(world))), 0);
    second.engine.setPeers(List.of(first.as("first")), 0);
    FlowKey flow = world.key(Ip.UDP, 5000, 9);
    send(first, ALICE, Packets.udp(flow, EngineRig.DATA));
    carry();
    byte[] sent = second.out.onlySent();
    FlowKey outside = EngineRig.key(sent);
    FlowKey about =
        Packets.key(world.icmp(), world.router(), 0, text(outside.srcHi, outside.srcLo), 0);
    ByteBuffer error =
        Packets.icmp(
            about, world.v4 ? Icmp.UNREACHABLE : Icmp.V6_UNREACHABLE, 1, EngineRig.quote(sent));
    second.engine.onUnderlay(Packets.burst(error), 0);
    carry();
    byte[] got = first.out.onlyClient().packet();
    Packets.assertChecksums(got);
    FlowKey inside = new FlowKey();
    assertThat(IcmpInner.read(Packets.burst(Packets.direct(got)), inside)).isTrue();
    assertThat(inside.srcLo).isEqualTo(flow.srcLo);
    assertThat(inside.dstLo).isEqualTo(flow.dstLo);
    assertThat(inside.ports).isEqualTo(flow.ports);
  }

  private static String text(long hi, long lo) {
    return new Address(hi, lo).toString();
  }

  @ParameterizedTest
  @EnumSource(World.class)
  void aLoopOfNodesEndsWithTheTimeToLive(World world) {
    Node a = node(world, 1);
    Node b = node(world, 2);
    Node c = node(world, 3);
    a.engine.setPeers(List.of(b.as("b", far(world)), c.as("c")), 0);
    b.engine.setPeers(List.of(c.as("c", far(world)), a.as("a")), 0);
    c.engine.setPeers(List.of(a.as("a", far(world)), b.as("b")), 0);
    send(a, ALICE, Packets.udp(world.key(Ip.UDP, 5000, 9), EngineRig.DATA));
    carry();
    assertThat(hops).isBetween(2, 256);
    Burst said = Packets.burst(Packets.direct(a.out.onlyClient().packet()));
    assertThat(Icmp.isError(said)).as("time exceeded, to the client").isTrue();
    assertThat(a.out.toUnderlay).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(World.class)
  void betweenTwoNodesNothingTurnsBack(World world) {
    Node a = node(world, 1);
    Node b = node(world, 2);
    a.engine.setPeers(List.of(b.as("b", far(world))), 0);
    b.engine.setPeers(List.of(a.as("a", far(world))), 0);
    send(a, ALICE, Packets.udp(world.key(Ip.UDP, 5000, 9), EngineRig.DATA));
    carry();
    assertThat(hops).isEqualTo(1);
    b.out.onlySent();
  }

  @ParameterizedTest
  @EnumSource(World.class)
  void keepAlivesOfPeersAreNotAnswered(World world) {
    Node a = node(world, 1);
    Node b = node(world, 2);
    a.engine.setPeers(List.of(b.as("b")), 0);
    a.engine.onKeepAlive(0, b.address.hi(), b.address.lo(), 4700, 0);
    assertThat(a.out.keepAlives).as("it would be answered again, without end").isEmpty();
  }

  @ParameterizedTest
  @EnumSource(World.class)
  void aSourceThatIsOnlyRelayedLivesAsLongAsItIsUsed(World world) {
    Node a = node(world, 1);
    Node b = node(world, 2);
    a.engine.setPeers(List.of(b.as("b", far(world))), 0);
    long now = 0;
    for (int i = 0; i < 3; i++) {
      ByteBuffer packet = Packets.udp(world.key(Ip.UDP, 5000, 9), EngineRig.DATA);
      a.engine.onClient(Packets.burst(packet), ALICE.hi(), ALICE.lo(), 4000, now);
      now += RelayFlows.IDLE_NS;
      a.engine.onDue(now - 1);
      assertThat(a.out.ended).as("its flow lives").hasSize(i);
      a.engine.onDue(now);
      assertThat(a.out.ended).hasSize(i + 1);
      now += Sources.IDLE_NS;
      a.engine.onDue(now - 1);
      assertThat(a.engine.view().info().sources()).isEqualTo(1);
    }
    a.engine.onDue(now);
    assertThat(a.engine.view().info().sources()).isZero();
    assertThat(a.engine.view().info().clients()).isZero();
  }

  @ParameterizedTest
  @EnumSource(World.class)
  void aPeerThatGoesIsAStranger(World world) {
    Node a = node(world, 1);
    Node b = node(world, 2);
    a.engine.setPeers(List.of(b.as("b", far(world))), 0);
    assertThat(a.engine.admit(0, b.address.hi(), b.address.lo(), 4700, 1)).isTrue();
    assertThat(a.engine.admit(0, b.address.hi(), b.address.lo(), 4701, 1)).isFalse();
    a.engine.setPeers(List.of(), 0);
    assertThat(a.engine.admit(0, b.address.hi(), b.address.lo(), 4700, 1)).isFalse();
    assertThat(a.engine.view().peers()).isEmpty();
    send(a, ALICE, Packets.udp(world.key(Ip.UDP, 5000, 9), EngineRig.DATA));
    a.out.onlySent();
  }
}
