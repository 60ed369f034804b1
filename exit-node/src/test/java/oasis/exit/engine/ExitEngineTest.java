// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.FlowKey;
import oasis.packet.Icmp;
import oasis.packet.Ip;
import oasis.packet.Prefix;
import oasis.packet.Replies;
import oasis.packet.Tcp;
import oasis.testkit.NoAllocation;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

class ExitEngineTest {
  private static final long SECOND = 1_000_000_000L;
  private static final Prefix POOL = Prefix.parse("100.64.0.0/10");
  private static final String INNER = "192.168.1.7";
  private static final String SERVER = "203.0.113.9";
  private static final byte[] DATA = {1, 2, 3};
  private static final byte[] MSS_1460 = {2, 4, 5, (byte) 0xb4};
  private static final Client ALICE = new Client("192.0.2.1", 40001);
  private static final Client BOB = new Client("192.0.2.2", 40001);

  private final RecordingEffects out = new RecordingEffects();
  private ExitEngine engine = engine(ExitLimits.DEFAULT, List.of());
  private long now = -5 * SECOND; // System.nanoTime may be negative

  /** A client endpoint. */
  record Client(String address, int port) {
    @Override
    public String toString() {
      return address + ":" + port;
    }
  }

  private static ExitEngine engine(ExitLimits limits, List<Prefix> opened) {
    return new ExitEngine(
        new EngineConfig(List.of(Prefix.parse("192.0.2.0/24")), opened, POOL, 1400, limits, 7),
        ByteBuffer.allocateDirect(Replies.MAX_BYTES),
        0);
  }

  @Test
  void whatComesBackIsAsIfNobodyHadTranslatedIt() {
    FlowKey key = Packets.key(Ip.UDP, INNER, 5000, SERVER, 6000);
    send(ALICE, Packets.udp(key, DATA));
    byte[] sent = out.onlyTun();
    Packets.assertChecksums(sent);
    FlowKey translated = key(sent);
    assertThat(POOL.contains(translated.srcHi, translated.srcLo)).isTrue();
    assertThat(translated.sport()).isEqualTo(5000);
    assertThat(translated.dstLo).isEqualTo(key.dstLo);

    receive(Packets.udp(translated.reverse(), DATA));
    RecordingEffects.ToClient back = out.onlyClient();
    assertThat(back.endpoint()).isEqualTo(ALICE.toString());
    assertThat(back.packet()).isEqualTo(bytes(Packets.udp(key.reverse(), DATA)));
  }

  @Test
  void clientsWithTheSameInnerAddressDoNotCollide() {
    FlowKey key = Packets.key(Ip.UDP, INNER, 5000, SERVER, 6000);
    send(ALICE, Packets.udp(key, DATA));
    FlowKey first = key(out.onlyTun());
    send(BOB, Packets.udp(key, DATA));
    FlowKey second = key(out.onlyTun());
    assertThat(first.srcLo).isNotEqualTo(second.srcLo);
    receive(Packets.udp(second.reverse(), DATA));
    assertThat(out.onlyClient().endpoint()).isEqualTo(BOB.toString());
    receive(Packets.udp(first.reverse(), DATA));
    assertThat(out.onlyClient().endpoint()).isEqualTo(ALICE.toString());
  }

  @Test
  void aChangedPortIsAnotherClient() {
    FlowKey key = Packets.key(Ip.UDP, INNER, 5000, SERVER, 6000);
    send(ALICE, Packets.udp(key, DATA));
    FlowKey before = key(out.onlyTun());
    send(new Client(ALICE.address(), 40002), Packets.udp(key, DATA));
    assertThat(key(out.onlyTun()).srcLo).isNotEqualTo(before.srcLo);
    assertThat(engine.info().clients()).isEqualTo(2);
  }

  @Test
  void onlyAllowedClientsAreAdmittedAndAnswered() {
    Address stranger = Address.parse("198.51.100.1");
    assertThat(engine.admit(stranger.hi(), stranger.lo(), 3)).isFalse();
    engine.onKeepAlive(stranger.hi(), stranger.lo(), 40001, out);
    Address alice = Address.parse(ALICE.address());
    engine.onKeepAlive(alice.hi(), alice.lo(), 40001, out);
    assertThat(out.keepAlives).containsExactly(ALICE.toString());
    assertThat(engine.info().drops()).containsEntry("NOT_ALLOWED", 4L);
    assertThat(engine.info().clients()).as("a keep-alive makes no state").isZero();
  }

  @Test
  void closedDestinationsAreRefusedAtOnce() {
    engine.ownAddresses(new long[] {Address.parse("203.0.113.1").lo()});
    for (String closed :
        List.of(
            "10.1.2.3",
            "127.0.0.1",
            "169.254.169.254",
            "172.31.0.1",
            "192.168.0.1",
            "100.64.0.9",
            "0.1.2.3",
            "203.0.113.1",
            "168.63.129.16",
            "198.18.0.5")) {
      send(ALICE, syn(Packets.key(Ip.TCP, INNER, 5000, closed, 80)));
      byte[] reply = out.onlyReply().packet();
      Packets.assertChecksums(reply);
      Burst burst = Packets.burst(Packets.direct(reply));
      assertThat(Icmp.isError(burst)).isTrue();
      assertThat(Icmp.code(burst.buffer(), burst.transport())).as(closed).isEqualTo(13);
      assertThat(Ip.srcLo(burst.buffer(), 0)).isEqualTo(ExitEngine.ownAddress(POOL));
    }
    for (String silent : List.of("224.0.0.1", "255.255.255.255", "239.1.1.1")) {
      send(ALICE, Packets.udp(Packets.key(Ip.UDP, INNER, 5000, silent, 80), DATA));
    }
    assertThat(out.replies).as("nothing is said about multicast").isEmpty();
    assertThat(out.toTun).isEmpty();
    assertThat(engine.info().drops()).containsEntry("FORBIDDEN_DESTINATION", 13L);
    assertThat(engine.info().sources()).isZero();
  }

  @Test
  void anOpenedDestinationIsReachable() {
    engine = engine(ExitLimits.DEFAULT, List.of(Prefix.parse("10.1.0.0/16")));
    send(ALICE, syn(Packets.key(Ip.TCP, INNER, 5000, "10.1.2.3", 80)));
    out.onlyTun();
    send(ALICE, syn(Packets.key(Ip.TCP, INNER, 5000, "10.2.2.3", 80)));
    out.onlyReply();
  }

  @Test
  void theMssIsLoweredBothWays() {
    FlowKey key = Packets.key(Ip.TCP, INNER, 5000, SERVER, 80);
    send(ALICE, Packets.tcp(key, Tcp.SYN, 1, 0, MSS_1460, new byte[0]));
    byte[] sent = out.onlyTun();
    assertThat(ByteBuffer.wrap(sent).getShort(42)).isEqualTo((short) 1360);
    Packets.assertChecksums(sent);
    FlowKey back = key(sent).reverse();
    receive(Packets.tcp(back, Tcp.SYN | Tcp.ACK, 9, 2, MSS_1460, new byte[0]));
    byte[] answer = out.onlyClient().packet();
    assertThat(ByteBuffer.wrap(answer).getShort(42)).isEqualTo((short) 1360);
    Packets.assertChecksums(answer);
  }

  @Test
  void aSegmentOfNoConnectionIsReset() {
    send(ALICE, Packets.tcp(Packets.key(Ip.TCP, INNER, 5000, SERVER, 80), Tcp.ACK, 100, 200, DATA));
    byte[] reply = out.onlyReply().packet();
    assertThat(Tcp.flags(ByteBuffer.wrap(reply), 20) & Tcp.RST).isNotZero();
    assertThat(Tcp.seq(ByteBuffer.wrap(reply), 20)).isEqualTo(200);
  }

  @Test
  void strangersDoNotGetIn() {
    FlowKey key = Packets.key(Ip.UDP, INNER, 5000, SERVER, 6000);
    send(ALICE, Packets.udp(key, DATA));
    FlowKey translated = key(out.onlyTun());
    FlowKey otherPort = Packets.key(Ip.UDP, SERVER, 6001, "0.0.0.0", 5000);
    otherPort.dstLo = translated.srcLo;
    receive(Packets.udp(otherPort, DATA));
    assertThat(out.toClient).isEmpty();
    assertThat(engine.info().drops()).containsEntry("NO_FLOW", 1L);
  }

  @Test
  void anIcmpErrorReachesTheClientWithItsOwnPacketInside() {
    FlowKey key = Packets.key(Ip.UDP, INNER, 5000, SERVER, 6000);
    send(ALICE, Packets.udp(key, DATA));
    byte[] sent = out.onlyTun();
    FlowKey about = key(sent);
    FlowKey router = Packets.key(Ip.ICMP, "198.51.100.77", 0, "0.0.0.0", 0);
    router.dstLo = about.srcLo;
    receive(Packets.icmp(router, Icmp.UNREACHABLE, 3, quote(sent)));
    byte[] error = out.onlyClient().packet();
    Packets.assertChecksums(error);
    ByteBuffer b = ByteBuffer.wrap(error);
    assertThat(Ip.srcLo(b, 0)).isEqualTo(Address.parse("198.51.100.77").lo());
    assertThat(Ip.dstLo(b, 0)).isEqualTo(key.srcLo);
    assertThat(Ip.srcLo(b, 28)).isEqualTo(key.srcLo);
    assertThat(Ip.dstLo(b, 28)).isEqualTo(key.dstLo);
  }

  @Test
  void anIcmpErrorOfTheClientReachesTheSender() {
    FlowKey key = Packets.key(Ip.UDP, INNER, 5000, SERVER, 6000);
    send(ALICE, Packets.udp(key, DATA));
    FlowKey translated = key(out.onlyTun());
    long mapped = translated.srcLo;
    receive(Packets.udp(translated.reverse(), DATA));
    byte[] got = out.onlyClient().packet();
    send(
        ALICE,
        Packets.icmp(Packets.key(Ip.ICMP, INNER, 0, SERVER, 0), Icmp.UNREACHABLE, 3, quote(got)));
    byte[] error = out.onlyTun();
    Packets.assertChecksums(error);
    assertThat(Ip.srcLo(ByteBuffer.wrap(error), 0)).isEqualTo(mapped);
    assertThat(Ip.dstLo(ByteBuffer.wrap(error), 28)).isEqualTo(mapped);
    send(
        ALICE,
        Packets.icmp(
            Packets.key(Ip.ICMP, INNER, 0, "198.51.100.1", 0), Icmp.UNREACHABLE, 3, quote(got)));
    assertThat(out.toTun).as("an error to somebody else").isEmpty();
  }

  @Test
  void echoGoesOutAndBack() {
    FlowKey key = Packets.key(Ip.ICMP, INNER, 77, SERVER, 77);
    send(ALICE, Packets.echo(key, true, 1));
    FlowKey translated = key(out.onlyTun());
    receive(Packets.echo(translated.reverse(), false, 1));
    assertThat(out.onlyClient().packet()).isEqualTo(bytes(Packets.echo(key.reverse(), false, 1)));
    now += 61 * SECOND;
    engine.onDue(now, out);
    assertThat(engine.info().flows()).isZero();
  }

  @Test
  void limitsPerClientLeaveOthersAlone() {
    engine = engine(new ExitLimits(10, 8, 100, 2, 1000), List.of());
    for (int port = 1; port <= 3; port++) {
      send(ALICE, syn(Packets.key(Ip.TCP, INNER, port, SERVER, 80)));
    }
    assertThat(out.toTun).hasSize(2);
    out.toTun.clear();
    assertThat(out.onlyReply().packet()[20]).isEqualTo((byte) Icmp.UNREACHABLE);
    send(BOB, syn(Packets.key(Ip.TCP, INNER, 3, SERVER, 80)));
    out.onlyTun();
    assertThat(engine.clients(10).get(0).drops()).containsEntry("FLOW_LIMIT", 1L);
  }

  @Test
  void aClientHasFewInnerAddresses() {
    engine = engine(new ExitLimits(10, 2, 100, 100, 1000), List.of());
    for (int host = 1; host <= 3; host++) {
      send(ALICE, syn(Packets.key(Ip.TCP, "10.0.0." + host, 5000, SERVER, 80)));
    }
    assertThat(out.toTun).hasSize(2);
    assertThat(engine.info().drops()).containsEntry("NAT_FULL", 1L);
  }

  @Test
  void inAFullTableEndedConnectionsMakeRoom() {
    engine = engine(new ExitLimits(10, 8, 2, 2, 1000), List.of());
    FlowKey first = Packets.key(Ip.TCP, INNER, 1, SERVER, 80);
    send(ALICE, syn(first));
    FlowKey translated = key(out.onlyTun());
    send(ALICE, syn(Packets.key(Ip.TCP, INNER, 2, SERVER, 80)));
    out.onlyTun();
    send(BOB, syn(Packets.key(Ip.TCP, INNER, 3, SERVER, 80)));
    out.onlyReply();
    receive(Packets.tcp(translated.reverse(), Tcp.RST | Tcp.ACK, 0, 2, new byte[0]));
    out.onlyClient();
    send(BOB, syn(Packets.key(Ip.TCP, INNER, 3, SERVER, 80)));
    out.onlyTun();
    assertThat(out.ended).containsExactly("tcp CLOSED");
    assertThat(engine.info().flows()).isEqualTo(2);
  }

  @Test
  void anEndedConnectionDoesNotCountAndItsPortBeginsAgain() {
    engine = engine(new ExitLimits(10, 8, 10, 1, 1000), List.of());
    FlowKey key = Packets.key(Ip.TCP, INNER, 1, SERVER, 80);
    connect(key);
    send(ALICE, Packets.tcp(key, Tcp.FIN | Tcp.ACK, 3, 2, new byte[0]));
    FlowKey translated = key(out.onlyTun());
    receive(Packets.tcp(translated.reverse(), Tcp.FIN | Tcp.ACK, 2, 4, new byte[0]));
    assertThat(engine.clients(1).get(0).flows()).isZero();
    send(ALICE, syn(key));
    out.onlyTun();
    assertThat(engine.clients(1).get(0).flows()).isEqualTo(1);
    assertThat(engine.info().flows()).isEqualTo(1);
    assertThat(engine.info().flowsBegun()).isEqualTo(2);
  }

  @Test
  void aForgedResetDoesNotEndAConnection() {
    FlowKey key = Packets.key(Ip.TCP, INNER, 1, SERVER, 80);
    FlowKey back = connect(key);
    receive(Packets.tcp(back, Tcp.RST, 99, 0, new byte[0]));
    out.onlyClient();
    receive(Packets.tcp(back, Tcp.ACK, 2, 2, DATA));
    out.onlyClient();
    now += 3600 * SECOND;
    engine.onDue(now, out);
    assertThat(engine.info().flows()).isEqualTo(1);
    assertThat(engine.clients(1).get(0).flows()).isEqualTo(1);
  }

  @Test
  void timeOutsFollowTheState() {
    send(ALICE, Packets.udp(Packets.key(Ip.UDP, INNER, 1, SERVER, 53), DATA));
    send(ALICE, Packets.udp(Packets.key(Ip.UDP, INNER, 2, SERVER, 123), DATA));
    send(ALICE, syn(Packets.key(Ip.TCP, INNER, 3, SERVER, 80)));
    out.toTun.clear();
    connect(Packets.key(Ip.TCP, INNER, 4, SERVER, 80));
    assertThat(flowsAfter(59)).isEqualTo(4);
    assertThat(flowsAfter(2)).as("DNS: 60 s").isEqualTo(3);
    assertThat(flowsAfter(58)).isEqualTo(3);
    assertThat(flowsAfter(2)).as("UDP without answer: 120 s").isEqualTo(2);
    assertThat(flowsAfter(120)).as("SYN: 240 s").isEqualTo(1);
    assertThat(flowsAfter(7198)).isEqualTo(1);
    assertThat(flowsAfter(2)).as("established: 7440 s").isZero();
    assertThat(engine.info().clients()).isEqualTo(1);
    assertThat(flowsAfter(301)).isZero();
    assertThat(engine.info().clients()).as("an idle client is forgotten").isZero();
    assertThat(engine.nextDeadlineNs()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void oneFragmentAloneNeedsAKnownSource() {
    FlowKey key = Packets.key(Ip.UDP, INNER, 5000, SERVER, 6000);
    ByteBuffer later = Packets.udp(key, new byte[64]);
    fragment(later, 185);
    send(ALICE, later);
    assertThat(out.toTun).isEmpty();
    send(ALICE, Packets.udp(key, DATA));
    long mapped = key(out.onlyTun()).srcLo;
    later = Packets.udp(key, new byte[64]);
    fragment(later, 185);
    send(ALICE, later);
    byte[] sent = out.onlyTun();
    assertThat(Ip.srcLo(ByteBuffer.wrap(sent), 0)).isEqualTo(mapped);
  }

  @Test
  void answersAreLimited() {
    engine = engine(new ExitLimits(10, 8, 10, 10, 10), List.of());
    for (int i = 0; i < 10; i++) {
      send(ALICE, syn(Packets.key(Ip.TCP, INNER, 1, "10.0.0.1", 80)));
    }
    assertThat(out.replies).hasSizeLessThan(4);
    assertThat(engine.info().drops()).containsKey("RATE_LIMITED");
  }

  @Test
  void stoppingReportsEveryFlow() {
    send(ALICE, syn(Packets.key(Ip.TCP, INNER, 3, SERVER, 80)));
    send(ALICE, Packets.udp(Packets.key(Ip.UDP, INNER, 3, SERVER, 80), DATA));
    engine.stop(now, out);
    assertThat(out.ended).containsExactlyInAnyOrder("tcp STOPPED", "udp STOPPED");
    assertThat(engine.info().flows()).isZero();
  }

  @Test
  void aSteadyFlowDoesNotAllocate() {
    FlowKey key = Packets.key(Ip.TCP, INNER, 4, SERVER, 80);
    FlowKey back = connect(key);
    ByteBuffer there = Packets.tcp(key, Tcp.ACK, 3, 2, DATA);
    ByteBuffer here = Packets.tcp(back, Tcp.ACK, 2, 3, DATA);
    ByteBuffer closed = syn(Packets.key(Ip.TCP, INNER, 4, "10.0.0.1", 80));
    byte[] thereBytes = bytes(there);
    byte[] hereBytes = bytes(here);
    byte[] closedBytes = bytes(closed);
    Burst burst = new Burst();
    ExitEffects sink = new CountingEffects();
    long alice = Address.parse(ALICE.address()).lo();
    NoAllocation.check(
        5_000,
        () -> {
          now += 1000;
          there.put(0, thereBytes);
          burst.check(there, 0, 0, thereBytes.length);
          engine.onClient(burst, 0, alice, 40001, now, sink);
          here.put(0, hereBytes);
          burst.check(here, 0, 0, hereBytes.length);
          engine.onTun(burst, now, sink);
          closed.put(0, closedBytes);
          burst.check(closed, 0, 0, closedBytes.length);
          engine.onClient(burst, 0, alice, 40001, now, sink);
          engine.onDue(now, sink);
        });
  }

  private FlowKey connect(FlowKey key) {
    send(ALICE, syn(key));
    FlowKey back = key(out.onlyTun()).reverse();
    receive(Packets.tcp(back, Tcp.SYN | Tcp.ACK, 1, 2, new byte[0]));
    out.onlyClient();
    send(ALICE, Packets.tcp(key, Tcp.ACK, 2, 2, new byte[0]));
    out.onlyTun();
    return back;
  }

  private int flowsAfter(int seconds) {
    now += seconds * SECOND;
    engine.onDue(now, out);
    return engine.info().flows();
  }

  private void send(Client from, ByteBuffer packet) {
    Address address = Address.parse(from.address());
    engine.onClient(Packets.burst(packet), address.hi(), address.lo(), from.port(), now, out);
  }

  private void receive(ByteBuffer packet) {
    engine.onTun(Packets.burst(packet), now, out);
  }

  private static ByteBuffer syn(FlowKey key) {
    return Packets.tcp(key, Tcp.SYN, 1, 0, new byte[0]);
  }

  private static FlowKey key(byte[] packet) {
    return new FlowKey().of(Packets.burst(Packets.direct(packet)));
  }

  private static byte[] bytes(ByteBuffer packet) {
    byte[] bytes = new byte[packet.capacity()];
    packet.get(0, bytes);
    return bytes;
  }

  /** What follows type, code and checksum of an ICMP error: four bytes, then the packet. */
  private static byte[] quote(byte[] packet) {
    byte[] quote = new byte[4 + packet.length];
    System.arraycopy(packet, 0, quote, 4, packet.length);
    return quote;
  }

  private static void fragment(ByteBuffer packet, int offset8) {
    packet.putShort(6, (short) offset8).putShort(10, (short) 0);
    packet.putShort(10, (short) Checksum.finish(Checksum.sum(packet, 0, 20, 0)));
  }

  /** Allocates nothing. */
  @SuppressWarnings("UnusedVariable") // Written, so that no call can be optimised away.
  private static final class CountingEffects implements ExitEffects {
    private long calls;

    @Override
    public void toTun(Burst burst) {
      calls++;
    }

    @Override
    public void toClient(Burst burst, long hi, long lo, int port) {
      calls++;
    }

    @Override
    public void replyToClient(Burst burst, long hi, long lo, int port) {
      calls++;
    }

    @Override
    public void keepAlive(long hi, long lo, int port) {
      calls++;
    }

    @Override
    public void flowEnded(FlowRecord flow, EndReason why) {
      calls++;
    }
  }
}
