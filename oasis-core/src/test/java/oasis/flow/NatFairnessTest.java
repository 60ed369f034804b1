// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static oasis.testkit.Packets.burst;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import oasis.flow.NatObserver.End;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.Gen;
import oasis.testkit.NoAllocation;
import oasis.testkit.Packets;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who gives way when there is room for no more. */
class NatFairnessTest extends NatRig {
  private static final int SESSIONS = 8;
  private static final int GREEDY = 1;
  private static final int MODEST = 2;
  private static final int CLIENTS = 10;

  /** Client and inner port of sessions that gave way. */
  private final List<String> yielded = new ArrayList<>();

  @BeforeEach
  void small() {
    nat = engine(SESSIONS, FlowRates.UNLIMITED);
  }

  private NatEngine engine(int sessions, FlowRates rates) {
    NatRecord one = new NatRecord();
    NatObserver observer =
        new NatObserver() {
          @Override
          public void ended(int session, End why) {
            if (why == End.YIELDED) {
              nat.read(session, one);
              yielded.add(one.client + ":" + one.innerPort);
              assertThat(one.state.pending()).isTrue();
            }
          }
        };
    NatLimits limits = new NatLimits(61_000, 64_999, sessions, sessions, CLIENTS);
    NatEngine engine = new NatEngine(limits, NatBehaviour.GATEWAY.with(rates), 42, observer);
    engine.setExternal(true, addresses(true, EXTERNAL));
    return engine;
  }

  private void fill(int client) {
    for (int port = 1; nat.sessions() < SESSIONS; port++) {
      assertThat(out(udp(port, REMOTE, 9), client, 0)).isNull();
    }
  }

  private boolean pings(int client, int id) {
    FlowKey key = Packets.key(Ip.ICMP, HOST, id, REMOTE, id);
    return nat.outbound(burst(Packets.echo(key, true, 1)), client, now) == null;
  }

  @Test
  void whoHasMostPendingSessionsGivesUpTheOldestOnes() {
    fill(GREEDY);
    assertThat(pings(MODEST, 1)).isTrue();
    assertThat(out(udp(7, REMOTE, 53), MODEST, 0)).isNull();
    assertThat(out(tcp(7, REMOTE, 80), MODEST, Tcp.SYN)).isNull();
    assertThat(yielded).containsExactly("1:1", "1:2", "1:3");
    assertThat(nat.sessions()).isEqualTo(SESSIONS);
    assertThat(nat.openSessions(GREEDY)).isEqualTo(SESSIONS - 3);
  }

  @Test
  void whoHasMostIsRefusedAndNobodyIsPushedBelowAnEqualShare() {
    fill(GREEDY);
    assertThat(out(udp(99, REMOTE, 9), GREEDY, 0)).isEqualTo(DropReason.CLIENT_FLOW_LIMIT);
    for (int port = 1; port <= SESSIONS / 2; port++) {
      assertThat(out(udp(port, REMOTE, 9), MODEST, 0)).isNull();
    }
    yielded.clear();
    for (int client : new int[] {GREEDY, MODEST, GREEDY, MODEST}) {
      assertThat(out(udp(50, REMOTE, 9), client, 0)).isEqualTo(DropReason.FLOW_LIMIT);
    }
    assertThat(yielded).isEmpty();
    assertThat(nat.openSessions(GREEDY)).isEqualTo(nat.openSessions(MODEST));
  }

  @Test
  void whatIsAnsweredOrOpenIsNeverGivenUp() {
    connect(5000);
    int port = port(udp(5001, REMOTE, 9), GREEDY, 0);
    assertThat(in(answer(Ip.UDP, REMOTE, 9, port), 0)).isEqualTo(GREEDY);
    FlowKey ping = Packets.key(Ip.ICMP, HOST, 5002, REMOTE, 5002);
    int id = key(sent(Packets.echo(ping, true, 1), GREEDY)).sport();
    FlowKey pong = Packets.key(Ip.ICMP, REMOTE, id, EXTERNAL, id);
    assertThat(nat.inbound(burst(Packets.echo(pong, false, 1)), now)).isEqualTo(GREEDY);
    fill(GREEDY);
    for (int i = 0; pings(MODEST, i); i++) {
      assertThat(i).isLessThan(SESSIONS);
    }
    assertThat(yielded).containsExactly("1:1", "1:2");
    assertThat(in(answer(Ip.UDP, REMOTE, 9, port), 0)).isEqualTo(GREEDY);
    assertThat(out(tcp(5000, REMOTE, 80), GREEDY, Tcp.ACK)).isNull();
  }

  @Test
  void whatIsOverIsGivenUpFirst() {
    int port = port(udp(5000, REMOTE, 53), GREEDY, 0);
    assertThat(in(answer(Ip.UDP, REMOTE, 53, port), 0)).isEqualTo(GREEDY);
    fill(GREEDY);
    assertThat(pings(MODEST, 1)).isTrue();
    assertThat(yielded).isEmpty();
    assertThat(pings(MODEST, 2)).isTrue();
    assertThat(yielded).containsExactly("1:1");
  }

  @Test
  void aHandshakeThatNobodyFinishesGivesWayThoughItIsAnswered() {
    nat = engine(100, new FlowRates(100, 100, 3, 3));
    for (int sport = 1; sport <= 3; sport++) {
      int port = port(tcp(sport, REMOTE, 80), GREEDY, Tcp.SYN);
      assertThat(in(answer(Ip.TCP, REMOTE, 80, port), Tcp.SYN | Tcp.ACK)).isEqualTo(GREEDY);
    }
    assertThat(out(tcp(1, REMOTE, 80), MODEST, Tcp.SYN)).isNull();
    assertThat(yielded).containsExactly("1:1");
    assertThat(nat.handshakes()).isEqualTo(3);
    assertThat(out(tcp(2, REMOTE, 80), MODEST, Tcp.SYN)).isEqualTo(DropReason.HANDSHAKE_LIMIT);
  }

  @Test
  void aHandshakeThatItsRateRefusesPushesNobodyOut() {
    nat = engine(100, new FlowRates(100, 1, 1, 2));
    assertThat(out(udp(1, REMOTE, 9), MODEST, 0)).isNull();
    assertThat(out(tcp(1, REMOTE, 80), GREEDY, Tcp.SYN)).isNull();
    assertThat(out(tcp(1, REMOTE, 80), MODEST, Tcp.SYN)).isEqualTo(DropReason.CLIENT_FLOW_RATE);
    assertThat(yielded).isEmpty();
  }

  /** Many clients that ask for as much as they can, and one that asks for little. */
  @Test
  void clientsGetEqualSharesOfWhatIsPending() {
    Gen.cases(20, this::share);
  }

  private void share(Gen gen) {
    int sessions = gen.range(50, 400);
    nat = engine(sessions, FlowRates.UNLIMITED);
    int greedy = gen.range(2, CLIENTS - 1);
    for (int i = 0; i < 20 * sessions; i++) {
      int client = 1 + (gen.flip() ? 0 : gen.below(greedy));
      out(udp(1 + i % 60_000, REMOTE, 9), client, 0);
    }
    for (int client = 1; client <= greedy; client++) {
      int share = sessions / greedy;
      assertThat(nat.openSessions(client)).isBetween(share - 1, share + 1);
    }
    for (int id = 0; id < sessions / (greedy + 1) - 1; id++) {
      assertThat(pings(0, id)).isTrue();
    }
  }

  @Test
  void givingWayDoesNotAllocate() {
    nat = new NatEngine(new NatLimits(61_000, 64_999, 1000, 1000, CLIENTS), 7);
    nat.setExternal(true, addresses(true, EXTERNAL));
    for (int i = 0; i < 1000; i++) {
      out(udp(1 + i, REMOTE, 9), GREEDY, 0);
    }
    Burst packet = burst(Packets.udp(udp(1, REMOTE, 9), DATA));
    ByteBuffer buffer = packet.buffer();
    byte[] original = new byte[buffer.capacity()];
    buffer.get(0, original);
    int[] next = {0};
    NoAllocation.check(
        400,
        () -> {
          // Three clients in turn take from the one with most, until all have the same.
          buffer.put(0, original);
          int i = next[0]++;
          buffer.putShort(20, (short) (1 + i / 3));
          nat.outbound(packet, 2 + i % 3, now);
        });
  }
}
