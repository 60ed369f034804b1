// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.stream.Stream;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.IcmpInner;
import oasis.packet.Ip;
import oasis.testkit.Packets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** ICMP errors of both families, both ways, about flows with and without fakes. */
class EngineIcmpTest {
  private static final String RULE = "name:*.example.org ron";

  static Stream<Arguments> errors() {
    return Stream.of(Family.values())
        .flatMap(f -> Stream.of(Family.Fault.values()).map(e -> Arguments.of(f, e)));
  }

  private static String source(byte[] packet) {
    ByteBuffer b = ByteBuffer.wrap(packet);
    return EngineRig.text(Ip.srcHi(b, 0), Ip.srcLo(b, 0));
  }

  private static String destination(byte[] packet) {
    ByteBuffer b = ByteBuffer.wrap(packet);
    return EngineRig.text(Ip.dstHi(b, 0), Ip.dstLo(b, 0));
  }

  /** The 5-tuple that an error quotes; its checksums must be right, those inside included. */
  private static FlowKey quoted(Family f, byte[] error) {
    Packets.assertChecksums(error);
    Packets.assertChecksums(Arrays.copyOfRange(error, f.ipBytes() + 8, error.length));
    Burst b = Packets.burst(Packets.direct(error));
    FlowKey key = new FlowKey();
    assertThat(IcmpInner.read(b, key)).isTrue();
    return key;
  }

  private static void assertSame(FlowKey key, FlowKey expected) {
    assertThat(key).usingRecursiveComparison().isEqualTo(expected);
  }

  @ParameterizedTest
  @MethodSource("errors")
  void anErrorAboutAFakeReachesTheProgramInItsOwnTerms(Family f, Family.Fault kind) {
    EngineRig rig = new EngineRig(f, RULE);
    String fake = rig.fakeOf("www.example.org", f.server);
    FlowKey key = f.udp(f.tun, 5_000, fake, 9_000);
    rig.send(Packets.udp(key, new byte[20]));
    byte[] sent = rig.out.only("carrier " + rig.ron);
    rig.receive(rig.ron, f.error(f.server, f.tun, kind, sent));
    byte[] got = rig.out.only("tun");
    assertThat(source(got)).isEqualTo(fake);
    assertSame(quoted(f, got), key);
    rig.receive(rig.ron, f.error(f.router, f.tun, kind, sent));
    got = rig.out.only("tun");
    assertThat(source(got)).as("a router on the way").isEqualTo(f.router);
    assertSame(quoted(f, got), key);
    if (kind == Family.Fault.TOO_BIG) {
      assertThat(ByteBuffer.wrap(got).getInt(f.ipBytes() + 4)).as("MTU").isEqualTo(1_300);
    }
  }

  @ParameterizedTest
  @MethodSource("errors")
  void anErrorByTheUnderlayIsTranslatedTwice(Family f, Family.Fault kind) {
    EngineRig rig = new EngineRig(f, RULE);
    String fake = rig.fakeOf("www.example.org", f.server);
    rig.engine.onRefused(rig.ron, rig.nowNs);
    FlowKey key = f.tcp(f.tun, 40_000, fake, 80);
    rig.send(EngineRig.syn(key));
    byte[] sent = rig.out.only("underlay");
    assertThat(source(sent)).isEqualTo(f.host);
    rig.receive(Carriers.UNDERLAY, f.error(f.router, f.host, kind, sent));
    byte[] got = rig.out.only("tun");
    assertThat(destination(got)).isEqualTo(f.tun);
    assertSame(quoted(f, got), key);
  }

  @ParameterizedTest
  @MethodSource("errors")
  void anErrorOfThisHostNamesRealAddresses(Family f, Family.Fault kind) {
    EngineRig rig = new EngineRig(f, RULE);
    String fake = rig.fakeOf("www.example.org", f.server);
    rig.send(Packets.udp(f.udp(f.tun, 5_000, fake, 9_000), new byte[20]));
    rig.out.clear();
    FlowKey back = f.udp(f.server, 9_000, f.tun, 5_000);
    rig.receive(rig.ron, Packets.udp(back, new byte[30]));
    byte[] got = rig.out.only("tun");
    assertThat(source(got)).isEqualTo(fake);
    rig.send(f.error(f.tun, fake, kind, got));
    byte[] sent = rig.out.only("carrier " + rig.ron);
    assertThat(destination(sent)).isEqualTo(f.server);
    assertSame(quoted(f, sent), back);
  }

  @ParameterizedTest
  @EnumSource
  void anErrorOfThisHostToAnotherThanTheSenderGoesNowhere(Family f) {
    EngineRig rig = new EngineRig(f, RULE);
    String fake = rig.fakeOf("www.example.org", f.server);
    rig.send(Packets.udp(f.udp(f.tun, 5_000, fake, 9_000), new byte[20]));
    rig.receive(rig.ron, Packets.udp(f.udp(f.server, 9_000, f.tun, 5_000), new byte[30]));
    rig.out.clear();
    FlowKey toProgram = f.udp(fake, 9_000, f.tun, 5_000);
    byte[] quoted = Packets.bytes(Packets.burst(Packets.udp(toProgram, new byte[30])));
    rig.send(f.error(f.tun, f.unknownFake(), Family.Fault.PORT, quoted));
    rig.out.nothing();
  }

  @ParameterizedTest
  @EnumSource
  void anErrorFromAnotherCarrierOrAboutNothingIsDropped(Family f) {
    EngineRig rig = new EngineRig(f, "udp dport 9000 ron");
    rig.send(Packets.udp(f.udp(f.host, 5_000, f.server, 9_000), new byte[20]));
    byte[] sent = rig.out.only("carrier " + rig.ron);
    rig.receive(rig.detour, f.error(f.router, f.host, Family.Fault.PORT, sent));
    byte[] other =
        Packets.bytes(Packets.burst(Packets.udp(f.udp(f.host, 1, f.server, 9_000), new byte[20])));
    rig.receive(rig.ron, f.error(f.router, f.host, Family.Fault.PORT, other));
    rig.out.nothing();
    assertThat(rig.engine.info(rig.nowNs).drops())
        .containsEntry("NOT_GRANTED", 1L)
        .containsEntry("NO_FLOW", 1L);
  }
}
