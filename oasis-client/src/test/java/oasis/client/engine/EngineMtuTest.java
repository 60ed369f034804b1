// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Icmp;
import oasis.packet.IcmpInner;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What happens to packets that are longer than a carrier, or the path of OC0, allows. */
class EngineMtuTest {
  /** Fails unless the packet says that {@code about} is too big for an MTU. */
  private static void assertTooBig(Family f, byte[] packet, int mtu, FlowKey about) {
    Packets.assertChecksums(packet);
    ByteBuffer b = ByteBuffer.wrap(packet);
    int icmp = f.ipBytes();
    assertThat(b.get(icmp)).isEqualTo((byte) (f.v4() ? Icmp.UNREACHABLE : Icmp.V6_TOO_BIG));
    assertThat(b.get(icmp + 1)).isEqualTo((byte) (f.v4() ? Icmp.FRAGMENTATION_NEEDED : 0));
    assertThat(b.getInt(icmp + 4)).isEqualTo(mtu);
    Burst burst = Packets.burst(Packets.direct(packet));
    FlowKey key = new FlowKey();
    assertThat(IcmpInner.read(burst, key)).isTrue();
    assertThat(key).usingRecursiveComparison().isEqualTo(about);
  }

  private static ByteBuffer udpOf(Family f, FlowKey key, int packetBytes) {
    return Packets.udp(key, new byte[packetBytes - f.ipBytes() - 8]);
  }

  @ParameterizedTest
  @EnumSource
  void aPacketLongerThanTheCarrierIsAnsweredAtOnce(Family f) {
    EngineRig rig = new EngineRig(f, "name:*.example.org detour");
    String fake = rig.fakeOf("www.example.org", f.server);
    FlowKey key = f.udp(f.tun, 5_000, fake, 9_000);
    rig.send(udpOf(f, key, 1_300));
    rig.out.only("carrier " + rig.detour);
    rig.send(udpOf(f, key, 1_301));
    assertTooBig(f, rig.out.only("tun"), 1_300, key);
    assertThat(rig.engine.info(rig.nowNs).drops()).containsEntry("TOO_BIG", 1L);
  }

  @Test
  void aPacketThatMayBeFragmentedIs() {
    Family f = Family.V4;
    EngineRig rig = new EngineRig(f, "name:*.example.org detour");
    String fake = rig.fakeOf("www.example.org", f.server);
    FlowKey key = f.udp(f.tun, 5_000, fake, 9_000);
    rig.send(Family.mayFragment(udpOf(f, key, 1_400)));
    List<byte[]> fragments = rig.out.all("carrier " + rig.detour);
    assertThat(fragments).hasSize(2).allMatch(p -> p.length <= 1_300);
    assertThat(fragments.stream().mapToInt(p -> p.length - 20).sum()).isEqualTo(1_380);
    assertWhole(f, fragments, 1_400);
    assertThat(rig.engine.info(rig.nowNs).drops()).isEmpty();
  }

  /** Joins the fragments by hand and looks at the checksum of the whole. */
  private static void assertWhole(Family f, List<byte[]> fragments, int bytes) {
    ByteBuffer whole = ByteBuffer.allocateDirect(bytes).put(0, fragments.get(0), 0, 20);
    for (byte[] fragment : fragments) {
      int offset = (ByteBuffer.wrap(fragment).getShort(6) & 0x1fff) * 8;
      whole.put(20 + offset, fragment, 20, fragment.length - 20);
    }
    whole.putShort(2, (short) bytes);
    FlowKey key = EngineRig.keyOf(Packets.bytes(Packets.burst(Family.mayFragment(whole))));
    assertThat(EngineRig.text(key.dstHi, key.dstLo)).isEqualTo(f.server);
  }

  @Test
  void fragmentsAreCutFurther() {
    Family f = Family.V4;
    EngineRig rig = new EngineRig(f, "udp dport 9000 detour");
    FlowKey key = f.udp(f.host, 5_000, f.server, 9_000);
    for (ByteBuffer fragment : f.cut(Packets.udp(key, new byte[2_700]), 1_376, 7)) {
      rig.send(fragment);
    }
    List<byte[]> fragments = rig.out.all("carrier " + rig.detour);
    assertThat(fragments).hasSize(4).allMatch(p -> p.length <= 1_300);
    assertWhole(f, fragments, 2_728);
  }

  @ParameterizedTest
  @EnumSource
  void theUnderlaysPathSaysHowLongAPacketMayBe(Family f) {
    EngineRig rig = new EngineRig(f, "name:*.example.org ron");
    String fake = rig.fakeOf("www.example.org", f.server);
    rig.engine.onRefused(rig.ron, rig.nowNs);
    FlowKey key = f.tcp(f.tun, 40_000, fake, 80);
    rig.send(EngineRig.syn(key));
    FlowKey onWire = EngineRig.keyOf(rig.out.only("underlay"));
    rig.out.pathMtu = 1_290;
    rig.send(EngineRig.data(key, 101, 1, 1_300));
    assertTooBig(f, rig.out.only("tun"), 1_290, key);
    rig.send(EngineRig.data(key, 101, 1, 1_200));
    FlowKey again = EngineRig.keyOf(rig.out.only("underlay"));
    assertThat(again).as("same translation").usingRecursiveComparison().isEqualTo(onWire);
    assertThat(rig.engine.info(rig.nowNs).carriers().get(0).outPkts())
        .as("counted when sent; a query and two segments")
        .isEqualTo(3);
  }

  @ParameterizedTest
  @EnumSource
  void segmentsOfTcpFitTheUnderlaysPathBothWays(Family f) {
    EngineRig rig = new EngineRig(f, "tcp dport 80 unknown");
    FlowKey key = f.tcp(f.host, 40_000, f.server, 80);
    rig.send(EngineRig.syn(key));
    assertThat(mss(f, rig.out.only("underlay"))).isEqualTo(f.v4() ? 1_360 : 1_340);
    rig.out.pathMtu = 1_290;
    rig.send(EngineRig.syn(key));
    byte[] sent = rig.out.only("underlay");
    assertThat(mss(f, sent)).isEqualTo(f.v4() ? 1_250 : 1_230);
    byte[] option = {2, 4, 0x05, (byte) 0xb4};
    FlowKey back = EngineRig.keyOf(sent).reverse();
    rig.receive(Carriers.UNDERLAY, Packets.tcp(back, 0x12, 1, 101, option, new byte[0]));
    byte[] got = rig.out.only("tun");
    assertThat(mss(f, got)).isEqualTo(f.v4() ? 1_250 : 1_230);
    Packets.assertChecksums(got);
    rig.out.pathMtu = 0;
    rig.send(EngineRig.syn(key));
    assertThat(mss(f, rig.out.only("underlay"))).isEqualTo(f.v4() ? 1_360 : 1_340);
  }

  private static int mss(Family f, byte[] packet) {
    return ByteBuffer.wrap(packet).getShort(f.ipBytes() + 22) & 0xffff;
  }
}
