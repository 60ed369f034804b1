// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import oasis.packet.Address;
import oasis.packet.Ip;
import oasis.packet.Prefix;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/** Nodes watch whether the others live. */
class PeerWatchTest {
  private static final long START = 1_000_000_000_000L;
  private static final Address THERE = Address.parse("198.51.100.7");
  private static final Address ELSEWHERE = Address.parse("198.51.100.8");

  private final RecordingEffects out = new RecordingEffects();
  private final ExitEngine engine = World.RAW4.engine(ExitLimits.DEFAULT, List.of(), 1, out);

  private static Peer peer(String name, Address address, String... prefixes) {
    List<Prefix> behind = List.of(prefixes).stream().map(Prefix::parse).toList();
    return new Peer(name, address.hi(), address.lo(), 4700, 0, false, behind);
  }

  private PeerState state(long now) {
    return engine.view().peerStates(now).get(0);
  }

  private void hear(long now) {
    engine.onKeepAlive(0, THERE.hi(), THERE.lo(), 4700, now);
  }

  @Test
  void eachPeerGetsAKeepAliveAtOnceAndThenAgainAndAgain() {
    assertThat(engine.nextDeadlineNs()).isEqualTo(Long.MAX_VALUE);
    engine.setPeers(List.of(peer("there", THERE)), START);
    assertThat(engine.nextDeadlineNs()).isEqualTo(START);
    engine.onDue(START);
    engine.onDue(START + PeerWatch.PERIOD_NS - 1);
    assertThat(out.keepAlives).containsExactly("198.51.100.7:4700");
    assertThat(engine.nextDeadlineNs()).isEqualTo(START + PeerWatch.PERIOD_NS);
    engine.onDue(START + PeerWatch.PERIOD_NS);
    assertThat(out.keepAlives).hasSize(2);
  }

  @Test
  void aPeerLivesWhileItIsHeardOf() {
    engine.setPeers(List.of(peer("there", THERE)), START);
    assertThat(state(START)).isEqualTo(new PeerState("there", "198.51.100.7:4700", -1, false));
    hear(START + 5_000_000);
    assertThat(state(START + 12_000_000))
        .isEqualTo(new PeerState("there", "198.51.100.7:4700", 7, true));
    long patience = START + 5_000_000 + PeerWatch.PATIENCE_NS;
    assertThat(state(patience).alive()).isTrue();
    assertThat(state(patience + 1).alive()).isFalse();
  }

  @Test
  void itsPacketsCountAsItsKeepAlives() {
    engine.setPeers(List.of(peer("there", THERE)), START);
    ByteBuffer packet = Packets.udp(World.RAW4.key(Ip.UDP, 5000, 9), EngineRig.DATA);
    engine.onClient(Packets.burst(packet), THERE.hi(), THERE.lo(), 4700, START + 9);
    assertThat(state(START + 9).alive()).isTrue();
  }

  @Test
  void whatIsKnownOfAPeerStaysWithIt() {
    Peer first = peer("there", THERE, "203.0.113.0/24");
    engine.setPeers(List.of(first), START);
    hear(START);
    engine.setPeers(List.of(peer("else", ELSEWHERE), first), START + 1);
    assertThat(engine.view().peerStates(START + 1))
        .filteredOn(PeerState::alive)
        .extracting(PeerState::name)
        .containsExactly("there");
    engine.setPeers(List.of(peer("renamed", THERE)), START + 2);
    assertThat(state(START + 2).alive()).as("it is another one").isFalse();
    engine.setPeers(List.of(), START + 3);
    engine.onDue(START + 3);
    assertThat(out.keepAlives).isEmpty();
  }
}
