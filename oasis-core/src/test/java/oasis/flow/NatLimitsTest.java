// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import oasis.packet.DropReason;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import org.junit.jupiter.api.Test;

/** What one client, and all together, may hold and begin; and for how long. */
class NatLimitsTest extends NatRig {
  private NatEngine engine(FlowRates rates) {
    return engine(LIMITS, NatBehaviour.GATEWAY.with(rates));
  }

  @Test
  void aClientThatBeginsTooManyFlowsASecondDoesNotStopTheOthers() {
    nat = engine(new FlowRates(100, 10, 100, 100));
    for (int i = 0; i < 10; i++) {
      assertThat(out(udp(5000 + i, REMOTE, 1), 1, 0)).isNull();
    }
    assertThat(out(udp(6000, REMOTE, 1), 1, 0)).isEqualTo(DropReason.CLIENT_FLOW_RATE);
    assertThat(out(udp(5000, REMOTE, 1), 1, 0)).as("a flow that is there").isNull();
    assertThat(out(udp(6000, REMOTE, 1), 2, 0)).isNull();
    now += SECOND / 10;
    assertThat(out(udp(6000, REMOTE, 1), 1, 0)).isNull();
    assertThat(out(udp(6001, REMOTE, 1), 1, 0)).isEqualTo(DropReason.CLIENT_FLOW_RATE);
  }

  @Test
  void allClientsTogetherBeginSoManyFlowsASecond() {
    nat = engine(new FlowRates(20, 10, 100, 100));
    for (int i = 0; i < 20; i++) {
      assertThat(out(udp(5000, REMOTE, 1), i, 0)).isNull();
    }
    assertThat(out(udp(5000, REMOTE, 1), 20, 0)).isEqualTo(DropReason.FLOW_RATE);
    now += SECOND / 20;
    assertThat(out(udp(5000, REMOTE, 1), 20, 0)).isNull();
  }

  @Test
  void handshakesAreLimitedPerClientAndInAll() {
    nat = engine(new FlowRates(100, 100, 3, 2));
    int port = port(tcp(5000, REMOTE, 80), 1, Tcp.SYN);
    assertThat(out(tcp(5001, REMOTE, 80), 1, Tcp.SYN)).isNull();
    assertThat(out(tcp(5002, REMOTE, 80), 1, Tcp.SYN)).isEqualTo(DropReason.CLIENT_HANDSHAKE_LIMIT);
    assertThat(out(udp(5002, REMOTE, 80), 1, 0)).as("UDP has none").isNull();
    assertThat(out(tcp(5000, REMOTE, 80), 2, Tcp.SYN)).isNull();
    assertThat(out(tcp(5001, REMOTE, 80), 2, Tcp.SYN)).isEqualTo(DropReason.HANDSHAKE_LIMIT);
    in(answer(Ip.TCP, REMOTE, 80, port), Tcp.SYN | Tcp.ACK);
    assertThat(nat.handshakes()).isEqualTo(3);
    out(tcp(5000, REMOTE, 80), 1, Tcp.ACK);
    assertThat(nat.handshakes()).as("one is open").isEqualTo(2);
    assertThat(out(tcp(5002, REMOTE, 80), 1, Tcp.SYN)).isNull();
    now += 240 * SECOND;
    expireAll();
    assertThat(nat.handshakes()).as("the others ended").isZero();
  }

  @Test
  void aRefusedHandshakeEndsWithItsConnection() {
    nat = engine(new FlowRates(100, 100, 1, 1));
    int port = port(tcp(5000, REMOTE, 80), 1, Tcp.SYN);
    in(answer(Ip.TCP, REMOTE, 80, port), Tcp.RST | Tcp.ACK);
    assertThat(nat.handshakes()).isZero();
    assertThat(out(tcp(5000, REMOTE, 80), 1, Tcp.SYN)).as("begun again").isNull();
    assertThat(nat.handshakes()).isEqualTo(1);
  }

  @Test
  void flowsAreLimitedPerClientAndInAll() {
    nat = engine(new NatLimits(61000, 64999, 3, 2, 10), NatBehaviour.GATEWAY);
    out(udp(1, REMOTE, 1), 1, 0);
    out(udp(2, REMOTE, 1), 1, 0);
    assertThat(out(udp(3, REMOTE, 1), 1, 0)).isEqualTo(DropReason.CLIENT_FLOW_LIMIT);
    assertThat(out(udp(1, REMOTE, 1), 2, 0)).isNull();
    assertThat(out(udp(2, REMOTE, 1), 2, 0)).isEqualTo(DropReason.FLOW_LIMIT);
  }

  @Test
  void strangersCountAgainstTheClientWhoLetsThemIn() {
    nat =
        engine(
            new NatLimits(61000, 64999, 100, 2, 10),
            filtering(NatBehaviour.Filtering.ENDPOINT_INDEPENDENT));
    int port = port(udp(5000, REMOTE, 1), 1, 0);
    assertThat(in(answer(Ip.UDP, REMOTE, 2, port), 0)).isEqualTo(1);
    assertThat(in(answer(Ip.UDP, REMOTE, 3, port), 0)).isEqualTo(-1);
    assertThat(nat.lastDrop()).isEqualTo(DropReason.CLIENT_FLOW_LIMIT);
    assertThat(nat.openSessions(1)).isEqualTo(2);
  }

  @Test
  void aStrangerDoesNotEndTheMappingThatMakesRoomForHim() {
    nat =
        engine(
            new NatLimits(61000, 64999, 1, 1, 10),
            filtering(NatBehaviour.Filtering.ENDPOINT_INDEPENDENT));
    int port = port(tcp(5000, REMOTE, 80), 1, Tcp.SYN);
    in(answer(Ip.TCP, REMOTE, 80, port), Tcp.RST);
    assertThat(in(answer(Ip.TCP, REMOTE, 81, port), Tcp.SYN)).isEqualTo(1);
    assertThat(nat.sessions()).isEqualTo(1);
    assertThat(nat.mappings()).isEqualTo(1);
    now += 240 * SECOND;
    expireAll();
    assertThat(nat.mappings()).isZero();
  }

  @Test
  void timesBelowWhatTheRfcsAllowAreRefused() {
    for (String bad :
        new String[] {"established=7439", "udp=119", "udp-unanswered=60", "echo=59", "dns=0"}) {
      assertThatThrownBy(() -> NatTimeouts.DEFAULT.with(bad))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("must be");
    }
    for (String bad : new String[] {"", "=5", "udp", "udp=", "udp=x", "nothing=5", "UDP=300"}) {
      assertThatThrownBy(() -> NatTimeouts.DEFAULT.with(bad))
          .isInstanceOf(IllegalArgumentException.class);
    }
    NatTimeouts times = NatTimeouts.DEFAULT.with("udp=600").with("echo=120");
    assertThat(times.idleNs(NatState.UDP)).isEqualTo(600 * SECOND);
    assertThat(times.idleNs(NatState.ECHO)).isEqualTo(120 * SECOND);
    assertThat(times.idleNs(NatState.DNS)).isEqualTo(60 * SECOND);
    assertThat(NatTimeouts.DEFAULT.idleNs(NatState.UDP)).isEqualTo(300 * SECOND);
  }
}
