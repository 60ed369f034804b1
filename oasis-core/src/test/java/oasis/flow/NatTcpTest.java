// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static oasis.testkit.Packets.burst;
import static org.assertj.core.api.Assertions.assertThat;

import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.Packets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What RFC 5382 and RFC 7857 ask of TCP. */
class NatTcpTest extends NatRig {
  private static final String OTHER = "198.51.100.1";

  @Test
  void theMappingDoesNotDependOnTheRemoteEnd() {
    int port = port(tcp(5000, REMOTE, 80), 1, Tcp.SYN);
    assertThat(port(tcp(5000, OTHER, 443), 1, Tcp.SYN)).isEqualTo(port);
    assertThat(nat.mappings()).isEqualTo(1);
  }

  @Test
  void noTwoConnectionsOfDifferentEndsShareAPort() {
    int port = port(tcp(5000, REMOTE, 80), 1, Tcp.SYN);
    assertThat(port(tcp(5001, OTHER, 80), 1, Tcp.SYN)).isNotEqualTo(port);
    assertThat(port(tcp(5000, OTHER, 80), 2, Tcp.SYN)).isNotEqualTo(port);
  }

  @Test
  void bothEndsMayOpenAtTheSameTime() {
    int port = port(tcp(5000, REMOTE, 80), 1, Tcp.SYN);
    assertThat(in(answer(Ip.TCP, REMOTE, 80, port), Tcp.SYN)).isEqualTo(1);
    assertThat(out(tcp(5000, REMOTE, 80), 1, Tcp.SYN | Tcp.ACK)).isNull();
    assertThat(in(answer(Ip.TCP, REMOTE, 80, port), Tcp.SYN | Tcp.ACK)).isEqualTo(1);
    assertThat(state()).isEqualTo(NatState.ESTABLISHED);
  }

  @Test
  void anUnsolicitedSynIsDroppedWithoutAWordAndTheClientsOwnStillGoes() {
    int port = port(tcp(5000, REMOTE, 80), 1, Tcp.SYN);
    assertThat(in(answer(Ip.TCP, OTHER, 80, port), Tcp.SYN)).isEqualTo(-1);
    assertThat(nat.lastDrop()).isEqualTo(DropReason.NO_FLOW);
    now += SECOND;
    assertThat(port(tcp(5000, OTHER, 80), 1, Tcp.SYN)).isEqualTo(port);
    assertThat(in(answer(Ip.TCP, OTHER, 80, port), Tcp.SYN | Tcp.ACK)).isEqualTo(1);
  }

  @Test
  void aConnectionFromOutsideOpensWhereFilteringLetsItIn() {
    nat = engine(LIMITS, filtering(NatBehaviour.Filtering.ENDPOINT_INDEPENDENT));
    int port = port(udp(5000, REMOTE, 1), 1, 0);
    assertThat(in(answer(Ip.TCP, OTHER, 7, port), Tcp.SYN)).as("another protocol").isEqualTo(-1);
    port = port(tcp(5000, REMOTE, 80), 1, Tcp.SYN);
    assertThat(in(answer(Ip.TCP, OTHER, 7, port), Tcp.ACK)).as("no SYN").isEqualTo(-1);
    assertThat(in(answer(Ip.TCP, OTHER, 7, port), Tcp.SYN)).isEqualTo(1);
    assertThat(nat.handshakes()).isEqualTo(2);
    assertThat(out(tcp(5000, OTHER, 7), 1, Tcp.SYN | Tcp.ACK)).isNull();
    assertThat(in(answer(Ip.TCP, OTHER, 7, port), Tcp.ACK)).isEqualTo(1);
    assertThat(nat.handshakes()).isEqualTo(1);
    now += 7440 * SECOND - 1;
    assertThat(in(answer(Ip.TCP, OTHER, 7, port), Tcp.ACK)).isEqualTo(1);
  }

  @Test
  void aSynFromOutsideThatNobodyAnswersEndsAfterFourMinutesWhateverComes() {
    nat = engine(LIMITS, filtering(NatBehaviour.Filtering.ENDPOINT_INDEPENDENT));
    int port = port(tcp(5000, REMOTE, 80), 1, Tcp.SYN);
    out(tcp(5000, REMOTE, 80), 1, Tcp.RST);
    in(answer(Ip.TCP, OTHER, 7, port), Tcp.SYN);
    now += 200 * SECOND;
    assertThat(in(answer(Ip.TCP, OTHER, 7, port), Tcp.ACK)).isEqualTo(1);
    now += 40 * SECOND;
    expireAll();
    assertThat(nat.sessions()).isZero();
  }

  @Test
  void segmentsOfAHalfClosedConnectionPassForTwoHoursAndFourMinutes() {
    int port = connect(5000);
    out(tcp(5000, REMOTE, 80), 1, Tcp.FIN | Tcp.ACK);
    now += 7440 * SECOND - 1;
    assertThat(in(answer(Ip.TCP, REMOTE, 80, port), Tcp.ACK)).isEqualTo(1);
    assertThat(state()).isEqualTo(NatState.CLOSED_INSIDE);
  }

  @Test
  void aResetIsTranslatedAndItsConnectionWaitsFourMinutes() {
    int port = connect(5000);
    Burst reset = burst(packet(answer(Ip.TCP, REMOTE, 80, port), Tcp.RST));
    assertThat(nat.inbound(reset, now)).isEqualTo(1);
    assertThat(key(reset).dport()).isEqualTo(5000);
    now += 240 * SECOND - 1;
    expireAll();
    assertThat(nat.sessions()).isEqualTo(1);
    now++;
    expireAll();
    assertThat(nat.sessions()).isZero();
  }

  @Test
  void resetsDoNotKeepAResetConnection() {
    int port = connect(5000);
    in(answer(Ip.TCP, REMOTE, 80, port), Tcp.RST);
    for (int i = 0; i < 3; i++) {
      now += 80 * SECOND;
      expireAll();
      out(tcp(5000, REMOTE, 80), 1, Tcp.RST);
    }
    expireAll();
    assertThat(nat.sessions()).isZero();
  }

  @Test
  void outboundErrorsDoNotKeepAMapping() {
    int port = port(udp(5000, REMOTE, 1), 1, 0);
    in(answer(Ip.UDP, REMOTE, 1, port), 0);
    byte[] got = array(Packets.udp(udp(5000, REMOTE, 1).reverse(), DATA));
    now += 299 * SECOND;
    assertThat(nat.outbound(burst(error(HOST, REMOTE, 3, 3, got)), 1, now)).isNull();
    now += SECOND;
    expireAll();
    assertThat(nat.mappings()).isZero();
  }

  @Test
  void icmpErrorsDoNotEndAConnection() {
    FlowKey key = tcp(5000, REMOTE, 80);
    int port = connect(5000);
    byte[] about = Packets.bytes(sent(packet(key, Tcp.ACK), 1));
    for (int code = 0; code < 16; code++) {
      assertThat(nat.inbound(burst(error(OTHER, EXTERNAL, 3, code, about)), now)).isEqualTo(1);
    }
    assertThat(state()).isEqualTo(NatState.ESTABLISHED);
    assertThat(in(answer(Ip.TCP, REMOTE, 80, port), Tcp.ACK)).isEqualTo(1);
  }

  @Test
  void theTimesOfOpeningAndClosingAreSetApart() {
    NatTimeouts times = NatTimeouts.DEFAULT.with("syn-sent=30").with("closed=10");
    nat =
        engine(
            LIMITS,
            new NatBehaviour(
                NatBehaviour.Filtering.ADDRESS_AND_PORT, true, true, FlowRates.UNLIMITED, times));
    out(tcp(5000, REMOTE, 80), 1, Tcp.SYN);
    int port = connect(5001);
    out(tcp(5001, REMOTE, 80), 1, Tcp.FIN | Tcp.ACK);
    in(answer(Ip.TCP, REMOTE, 80, port), Tcp.FIN | Tcp.ACK);
    now += 10 * SECOND;
    expireAll();
    assertThat(nat.sessions()).isEqualTo(1);
    now += 20 * SECOND;
    expireAll();
    assertThat(nat.sessions()).isZero();
  }

  @Test
  void anObserverRefusesWhatBeginsOutsideButNotWhatTurnsBack() {
    NatObserver observer =
        new NatObserver() {
          @Override
          public @Nullable DropReason mayBeginInbound(
              int protocol, long remoteHi, long remoteLo, int remotePort) {
            boolean known = protocol == Ip.TCP && remoteLo == Address.parse(REMOTE).lo();
            return known && remotePort == 26 ? null : DropReason.FORBIDDEN_SERVICE;
          }
        };
    NatBehaviour open = filtering(NatBehaviour.Filtering.ENDPOINT_INDEPENDENT);
    nat = new NatEngine(LIMITS, open, 42, observer);
    nat.setExternal4(Address.parse(EXTERNAL).lo());
    int port = connect(5000);
    assertThat(in(answer(Ip.TCP, REMOTE, 25, port), Tcp.SYN)).isEqualTo(-1);
    assertThat(nat.lastDrop()).isEqualTo(DropReason.FORBIDDEN_SERVICE);
    assertThat(nat.sessions()).isEqualTo(1);
    assertThat(in(answer(Ip.TCP, REMOTE, 80, port), Tcp.ACK)).as("of a session").isEqualTo(1);
    assertThat(in(answer(Ip.TCP, REMOTE, 26, port), Tcp.SYN)).isEqualTo(1);
    assertThat(nat.sessions()).isEqualTo(2);
    assertThat(out(tcp(6000, EXTERNAL, port), 2, Tcp.SYN)).isNull();
    assertThat(nat.hairpin()).isEqualTo(1);
  }
}
