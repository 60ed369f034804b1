// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static oasis.testkit.Packets.burst;
import static oasis.testkit.Packets.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.NoAllocation;
import oasis.testkit.Packets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class NatEngineTest {
  private static final long SECOND = 1_000_000_000L;
  private static final String HOST = "10.0.0.5";
  private static final String REMOTE = "192.0.2.9";
  private static final String EXTERNAL = "203.0.113.1";
  private static final byte[] DATA = {1, 2, 3};

  private long now = 1000 * SECOND;
  private NatEngine nat = engine(new NatLimits(61000, 64999, 10_000, 5000, 100));

  private static NatEngine engine(NatLimits limits) {
    NatEngine nat = new NatEngine(limits, 42);
    nat.setExternal4(Address.parse(EXTERNAL).lo());
    Address six = Address.parse("2001:db8::1");
    nat.setExternal6(six.hi(), six.lo());
    return nat;
  }

  private static ByteBuffer packet(FlowKey key, int tcpFlags) {
    return key.protocol() == Ip.TCP
        ? Packets.tcp(key, tcpFlags, 1, 2, DATA)
        : Packets.udp(key, DATA);
  }

  private @Nullable DropReason out(FlowKey key, int client, int flags) {
    return nat.outbound(burst(packet(key, flags)), client, now);
  }

  private int in(FlowKey key, int flags) {
    return nat.inbound(burst(packet(key, flags)), now);
  }

  /** Sends a packet out and returns its external port. */
  private int port(FlowKey key, int client, int flags) {
    Burst b = burst(packet(key, flags));
    assertThat(nat.outbound(b, client, now)).isNull();
    return new FlowKey().of(b).sport();
  }

  private static FlowKey tcp(int sport, String dst, int dport) {
    return Packets.key(Ip.TCP, HOST, sport, dst, dport);
  }

  private static FlowKey udp(int sport, String dst, int dport) {
    return Packets.key(Ip.UDP, HOST, sport, dst, dport);
  }

  private static FlowKey answer(int protocol, String from, int sport, int port) {
    return Packets.key(protocol, from, sport, EXTERNAL, port);
  }

  /** Opens a TCP connection and returns its external port. */
  private int connect(int sport) {
    int port = port(tcp(sport, REMOTE, 80), 1, Tcp.SYN);
    assertThat(in(answer(Ip.TCP, REMOTE, 80, port), Tcp.SYN | Tcp.ACK)).isEqualTo(1);
    assertThat(out(tcp(sport, REMOTE, 80), 1, Tcp.ACK)).isNull();
    return port;
  }

  private NatState state() {
    return session().state;
  }

  private NatRecord session() {
    NatRecord session = new NatRecord();
    nat.read(nat.nextSession(0), session);
    return session;
  }

  private void expireAll() {
    while (nat.nextDeadlineNs() <= now) {
      nat.expire(now);
    }
  }

  @Test
  void anAnswerReachesTheClientThatAsked() {
    int port = port(tcp(5000, REMOTE, 80), 7, Tcp.SYN);
    Burst answer = burst(packet(answer(Ip.TCP, REMOTE, 80, port), Tcp.SYN | Tcp.ACK));
    assertThat(nat.inbound(answer, now)).isEqualTo(7);
    FlowKey back = new FlowKey().of(answer);
    assertThat(back.dstLo).isEqualTo(Address.parse(HOST).lo());
    assertThat(back.dport()).isEqualTo(5000);
    Packets.assertChecksums(bytes(answer));
  }

  @Test
  void theMappingDoesNotDependOnTheRemoteEnd() {
    int port = port(udp(5000, REMOTE, 1), 1, 0);
    assertThat(port(udp(5000, "198.51.100.1", 2), 1, 0)).isEqualTo(port);
    assertThat(nat.mappings()).isEqualTo(1);
    assertThat(nat.sessions()).isEqualTo(2);
  }

  @Test
  void aStrangerIsRefused() {
    int port = port(udp(5000, REMOTE, 1), 1, 0);
    assertThat(in(answer(Ip.UDP, REMOTE, 2, port), 0)).isEqualTo(-1);
    assertThat(nat.lastDrop()).isEqualTo(DropReason.NO_FLOW);
    assertThat(in(answer(Ip.UDP, "198.51.100.1", 1, port), 0)).isEqualTo(-1);
    assertThat(nat.lastDrop()).isEqualTo(DropReason.NO_FLOW);
    assertThat(in(answer(Ip.TCP, REMOTE, 1, port), Tcp.ACK)).isEqualTo(-1);
    assertThat(nat.lastDrop()).isNull();
  }

  @Test
  void whatIsNotToUsIsNotOurs() {
    assertThat(in(Packets.key(Ip.UDP, REMOTE, 1, "203.0.113.2", 61000), 0)).isEqualTo(-1);
    assertThat(nat.lastDrop()).isNull();
    assertThat(in(answer(Ip.UDP, REMOTE, 1, 22), 0)).isEqualTo(-1);
    assertThat(nat.lastDrop()).isNull();
  }

  @Test
  void clientsWithEqualAddressesAndPortsDoNotCollide() {
    Set<Integer> ports = new HashSet<>();
    for (int client = 0; client < 100; client++) {
      assertThat(ports.add(port(udp(5000, REMOTE, 1), client, 0))).isTrue();
    }
    int client = 0;
    for (int s = nat.nextSession(0); s >= 0; s = nat.nextSession(s + 1)) {
      NatRecord session = new NatRecord();
      nat.read(s, session);
      assertThat(in(answer(Ip.UDP, REMOTE, 1, session.externalPort), 0)).isEqualTo(session.client);
      client++;
    }
    assertThat(client).isEqualTo(100);
  }

  @Test
  void thePortIsNeverTheProgramsOwn() {
    nat = engine(new NatLimits(61000, 61001, 10_000, 5000, 100));
    for (int client = 0; client < 2; client++) {
      assertThat(port(tcp(61000, REMOTE, 80), 1, Tcp.SYN)).isEqualTo(61001);
      nat.endAll();
    }
    port(tcp(61000, REMOTE, 80), 1, Tcp.SYN);
    assertThat(out(tcp(61000, REMOTE, 80), 2, Tcp.SYN)).isEqualTo(DropReason.NAT_FULL);
    assertThat(port(tcp(5000, REMOTE, 80), 2, Tcp.SYN)).isEqualTo(61000);
  }

  @Test
  void udpKeepsTheParityOfThePortWhilePortsLast() {
    nat = engine(new NatLimits(61000, 61003, 10_000, 5000, 100));
    assertThat(port(udp(5001, REMOTE, 1), 1, 0) & 1).isEqualTo(1);
    assertThat(port(udp(5003, REMOTE, 1), 1, 0) & 1).isEqualTo(1);
    assertThat(port(udp(5005, REMOTE, 1), 1, 0) & 1).isZero();
  }

  @Test
  void onlyABareSynBeginsATcpSession() {
    for (int flags : new int[] {Tcp.ACK, Tcp.SYN | Tcp.ACK, Tcp.RST, Tcp.FIN | Tcp.SYN}) {
      assertThat(out(tcp(5000, REMOTE, 80), 1, flags)).isEqualTo(DropReason.NO_FLOW);
    }
    assertThat(nat.sessions()).isZero();
    assertThat(out(tcp(5000, REMOTE, 80), 1, Tcp.SYN | Tcp.ECE | Tcp.CWR)).isNull();
  }

  @Test
  void anEstablishedConnectionMayBeIdleForTwoHoursAndFourMinutes() {
    int port = connect(5000);
    now += 7440 * SECOND - 1;
    assertThat(in(answer(Ip.TCP, REMOTE, 80, port), Tcp.ACK)).isEqualTo(1);
    now += 7440 * SECOND;
    assertThat(in(answer(Ip.TCP, REMOTE, 80, port), Tcp.ACK)).isEqualTo(-1);
    assertThat(out(tcp(5000, REMOTE, 80), 1, Tcp.ACK)).isEqualTo(DropReason.NO_FLOW);
  }

  @Test
  void aConnectionThatIsNotAcknowledgedEndsAfterFourMinutes() {
    int port = port(tcp(5000, REMOTE, 80), 1, Tcp.SYN);
    in(answer(Ip.TCP, REMOTE, 80, port), Tcp.SYN | Tcp.ACK);
    assertThat(state()).isEqualTo(NatState.SYN_ANSWERED);
    now += 240 * SECOND;
    expireAll();
    assertThat(nat.sessions()).isZero();
    assertThat(nat.mappings()).isZero();
  }

  @Test
  void aConnectionClosedByBothLingersForFourMinutes() {
    int port = connect(5000);
    out(tcp(5000, REMOTE, 80), 1, Tcp.FIN | Tcp.ACK);
    assertThat(state()).isEqualTo(NatState.CLOSED_INSIDE);
    in(answer(Ip.TCP, REMOTE, 80, port), Tcp.FIN | Tcp.ACK);
    assertThat(state()).isEqualTo(NatState.CLOSED);
    assertThat(nat.openSessions(1)).isZero();
    now += 240 * SECOND - 1;
    expireAll();
    assertThat(nat.sessions()).isEqualTo(1);
    now++;
    expireAll();
    assertThat(nat.sessions()).isZero();
  }

  @Test
  void aClientMayUseItsPortAgainWhileTheOldConnectionLingers() {
    int port = connect(5000);
    out(tcp(5000, REMOTE, 80), 1, Tcp.RST);
    assertThat(state()).isEqualTo(NatState.RESET);
    assertThat(port(tcp(5000, REMOTE, 80), 1, Tcp.SYN)).isEqualTo(port);
    assertThat(state()).isEqualTo(NatState.SYN_SENT);
    assertThat(nat.openSessions(1)).isEqualTo(1);
  }

  @Test
  void aForgedResetDoesNotEndAConnectionThatGoesOn() {
    int port = connect(5000);
    in(answer(Ip.TCP, REMOTE, 80, port), Tcp.RST);
    in(answer(Ip.TCP, REMOTE, 80, port), Tcp.ACK);
    assertThat(state()).isEqualTo(NatState.RESET);
    out(tcp(5000, REMOTE, 80), 1, Tcp.ACK);
    assertThat(state()).isEqualTo(NatState.ESTABLISHED);
  }

  @Test
  void udpLastsFiveMinutesOnceAnsweredTwoBeforeAndDnsOne() {
    int port = port(udp(5000, REMOTE, 1), 1, 0);
    now += 120 * SECOND - 1;
    assertThat(in(answer(Ip.UDP, REMOTE, 1, port), 0)).isEqualTo(1);
    now += 300 * SECOND - 1;
    assertThat(in(answer(Ip.UDP, REMOTE, 1, port), 0)).isEqualTo(1);
    now += 300 * SECOND;
    assertThat(in(answer(Ip.UDP, REMOTE, 1, port), 0)).isEqualTo(-1);
    port = port(udp(5000, REMOTE, 1), 1, 0);
    now += 120 * SECOND;
    assertThat(in(answer(Ip.UDP, REMOTE, 1, port), 0)).isEqualTo(-1);
    port = port(udp(5000, REMOTE, 53), 1, 0);
    now += 60 * SECOND;
    assertThat(in(answer(Ip.UDP, REMOTE, 53, port), 0)).isEqualTo(-1);
  }

  @Test
  void aQueryThatWasAnsweredGivesItsPortUpWhenPortsRunOut() {
    nat = engine(new NatLimits(61000, 61001, 10_000, 5000, 100));
    int first = port(udp(5000, REMOTE, 53), 1, 0);
    int second = port(udp(5001, REMOTE, 53), 1, 0);
    assertThat(out(udp(5002, REMOTE, 53), 1, 0)).isEqualTo(DropReason.NAT_FULL);
    assertThat(in(answer(Ip.UDP, REMOTE, 53, second), 0)).isEqualTo(1);
    assertThat(in(answer(Ip.UDP, REMOTE, 53, first), 0)).isEqualTo(1);
    assertThat(in(answer(Ip.UDP, REMOTE, 53, second), 0)).as("once more").isEqualTo(1);
    assertThat(port(udp(5002, REMOTE, 53), 1, 0)).isEqualTo(second);
    assertThat(port(udp(5000, REMOTE, 53), 1, 0)).as("its port is its own still").isEqualTo(first);
    assertThat(out(udp(5003, REMOTE, 53), 1, 0)).isEqualTo(DropReason.NAT_FULL);
  }

  @Test
  void whenPortsRunOutTheConnectionThatLingeredLongestGivesItsUp() {
    nat = engine(new NatLimits(61000, 61001, 10_000, 5000, 100));
    int first = connect(5000);
    connect(5001);
    assertThat(out(tcp(5002, REMOTE, 80), 1, Tcp.SYN)).isEqualTo(DropReason.NAT_FULL);
    out(tcp(5000, REMOTE, 80), 1, Tcp.RST);
    out(tcp(5001, REMOTE, 80), 1, Tcp.RST);
    assertThat(port(tcp(5002, REMOTE, 80), 1, Tcp.SYN)).isEqualTo(first);
  }

  @Test
  void limitsAreRefusedByName() {
    nat = engine(new NatLimits(61000, 64999, 3, 2, 10));
    out(udp(1, REMOTE, 1), 1, 0);
    out(udp(2, REMOTE, 1), 1, 0);
    assertThat(out(udp(3, REMOTE, 1), 1, 0)).isEqualTo(DropReason.CLIENT_FLOW_LIMIT);
    assertThat(out(udp(1, REMOTE, 1), 2, 0)).isNull();
    assertThat(out(udp(2, REMOTE, 1), 2, 0)).isEqualTo(DropReason.FLOW_LIMIT);
    now += 120 * SECOND;
    assertThat(out(udp(3, REMOTE, 1), 1, 0)).isNull();
  }

  @Test
  void anotherExternalAddressEndsTheSessionsOfItsFamilyOnly() {
    port(udp(5000, REMOTE, 1), 1, 0);
    FlowKey six = Packets.key(Ip.UDP, "fd00::5", 5000, "2001:db8:1::9", 1);
    port(six, 1, 0);
    nat.setExternal4(Address.parse(EXTERNAL).lo());
    assertThat(nat.sessions()).isEqualTo(2);
    nat.setExternal4(0);
    assertThat(nat.sessions()).isEqualTo(1);
    assertThat(out(udp(5000, REMOTE, 1), 1, 0)).isEqualTo(DropReason.NAT_FULL);
  }

  @Test
  void aConnectionThatLivesAgainCountsAgainstItsClient() {
    nat = engine(new NatLimits(61000, 64999, 10, 1, 10));
    int port = connect(5000);
    in(answer(Ip.TCP, REMOTE, 80, port), Tcp.RST);
    connect(5001);
    assertThat(out(tcp(5000, REMOTE, 80), 1, Tcp.ACK)).isEqualTo(DropReason.CLIENT_FLOW_LIMIT);
    assertThat(out(tcp(5000, REMOTE, 80), 1, Tcp.SYN)).isEqualTo(DropReason.CLIENT_FLOW_LIMIT);
    out(tcp(5001, REMOTE, 80), 1, Tcp.RST);
    assertThat(out(tcp(5000, REMOTE, 80), 1, Tcp.ACK)).isNull();
    assertThat(nat.openSessions(1)).isEqualTo(1);
  }

  @Test
  void aSessionCountsItsPacketsBothWays() {
    int port = connect(5000);
    in(answer(Ip.TCP, REMOTE, 80, port), Tcp.ACK);
    in(answer(Ip.TCP, REMOTE, 80, port), Tcp.ACK);
    NatRecord session = session();
    assertThat(session.outPkts).isEqualTo(2);
    assertThat(session.outBytes).isEqualTo(2 * 43);
    assertThat(session.inPkts).isEqualTo(3);
    assertThat(session.inBytes).isEqualTo(3 * 43);
    assertThat(session.beganNs).isEqualTo(now);
    assertThat(session.externalPort).isEqualTo(port);
    assertThat(session.innerPort).isEqualTo(5000);
    assertThat(session.remotePort).isEqualTo(80);
  }

  @Test
  void anObserverRefusesSessionsAndSeesEachBeginAndEnd() {
    List<String> seen = new ArrayList<>();
    NatRecord session = new NatRecord();
    DropReason[] verdict = new DropReason[1];
    NatObserver observer =
        new NatObserver() {
          @Override
          public @Nullable DropReason mayBegin(Burst b, int client) {
            return verdict[0];
          }

          @Override
          public void began(int slot) {
            nat.read(slot, session);
            seen.add("began " + session.innerPort);
          }

          @Override
          public void ended(int slot, End why) {
            nat.read(slot, session);
            seen.add(why + " " + session.innerPort + " " + session.outPkts);
          }
        };
    nat = new NatEngine(new NatLimits(61000, 64999, 3, 3, 9), NatBehaviour.OWN_HOST, 42, observer);
    nat.setExternal4(Address.parse(EXTERNAL).lo());
    verdict[0] = DropReason.FORBIDDEN_DESTINATION;
    assertThat(out(tcp(1, REMOTE, 80), 1, Tcp.SYN)).isEqualTo(verdict[0]);
    assertThat(nat.sessions()).isZero();
    verdict[0] = null;
    connect(1);
    out(tcp(1, REMOTE, 80), 1, Tcp.RST);
    out(tcp(1, REMOTE, 80), 1, Tcp.SYN);
    out(udp(2, REMOTE, 53), 1, 0);
    now += 60 * SECOND;
    expireAll();
    out(udp(3, REMOTE, 53), 1, 0);
    nat.setExternal4(0);
    assertThat(seen)
        .startsWith("began 1", "CLOSED 1 3", "began 1", "began 2", "IDLE 2 1", "began 3")
        .containsOnlyOnce("REMOVED 1 1", "REMOVED 3 1")
        .hasSize(8);
  }

  @Test
  void anErrorThatDoesNotGoToTheSenderOfThePacketItIsAboutIsRefused() {
    int port = port(udp(5000, REMOTE, 1), 1, 0);
    assertThat(in(answer(Ip.UDP, REMOTE, 1, port), 0)).isEqualTo(1);
    ByteBuffer got = Packets.udp(udp(5000, REMOTE, 1).reverse(), DATA);
    ByteBuffer rest = ByteBuffer.allocate(4 + got.capacity()).put(4, got, 0, got.capacity());
    for (String to : new String[] {"10.1.1.1", "198.51.100.1"}) {
      FlowKey outer = Packets.key(Ip.ICMP, HOST, 0, to, 0);
      Burst b = burst(Packets.icmp(outer, 3, 3, rest.array()));
      assertThat(nat.outbound(b, 1, now)).isEqualTo(DropReason.NO_FLOW);
    }
    FlowKey outer = Packets.key(Ip.ICMP, HOST, 0, REMOTE, 0);
    assertThat(nat.outbound(burst(Packets.icmp(outer, 3, 3, rest.array())), 1, now)).isNull();
  }

  @Test
  void whatCannotBeTranslatedIsRefusedByName() {
    FlowKey icmp = Packets.key(Ip.ICMP, HOST, 3, REMOTE, 3);
    Burst reply = burst(Packets.echo(icmp, false, 1));
    assertThat(nat.outbound(reply, 1, now)).isEqualTo(DropReason.UNSUPPORTED_PROTOCOL);
    assertThat(out(udp(1, EXTERNAL, 1), 1, 0)).isEqualTo(DropReason.FORBIDDEN_DESTINATION);
    ByteBuffer fragment = Packets.udp(udp(1, REMOTE, 1), new byte[64]);
    fragment.putShort(6, (short) 2);
    fragment.putShort(10, (short) 0);
    long sum = Checksum.sum(fragment, 0, 20, 0);
    fragment.putShort(10, (short) Checksum.finish(sum));
    assertThat(nat.outbound(burst(fragment), 1, now)).isEqualTo(DropReason.FRAGMENT);
  }

  @Test
  void aSteadyFlowDoesNotAllocate() {
    int port = connect(5000);
    Burst outbound = new Burst();
    Burst inbound = new Burst();
    ByteBuffer there = packet(tcp(5000, REMOTE, 80), Tcp.ACK);
    ByteBuffer back = packet(answer(Ip.TCP, REMOTE, 80, port), Tcp.ACK);
    ByteBuffer a = ByteBuffer.allocateDirect(there.capacity());
    ByteBuffer b = ByteBuffer.allocateDirect(back.capacity());
    NoAllocation.check(
        10_000,
        () -> {
          a.put(0, there, 0, a.capacity());
          b.put(0, back, 0, b.capacity());
          now += 1000;
          outbound.check(a, 0, 0, a.capacity());
          inbound.check(b, 0, 0, b.capacity());
          if (nat.outbound(outbound, 1, now) != null || nat.inbound(inbound, now) != 1) {
            throw new AssertionError("dropped");
          }
          nat.expire(now);
        });
  }

  @Test
  void newFlowsDoNotAllocateOnceTheTablesHaveGrown() {
    Burst outbound = new Burst();
    ByteBuffer there = packet(udp(5000, REMOTE, 53), 0);
    ByteBuffer a = ByteBuffer.allocateDirect(there.capacity());
    NoAllocation.check(
        2000,
        () -> {
          a.put(0, there, 0, a.capacity());
          now += 60 * SECOND;
          outbound.check(a, 0, 0, a.capacity());
          nat.outbound(outbound, 1, now);
        });
  }
}
