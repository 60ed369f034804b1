// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import oasis.packet.Checksum;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What the kernel backend leaves to the kernel. */
@ParameterizedClass
@EnumSource(
    value = World.class,
    names = {"KERNEL4", "KERNEL6"})
class KernelBackendTest extends EngineRig {
  KernelBackendTest(World world) {
    super(world);
  }

  @Test
  void theKernelCountsTheHop() {
    send(ALICE, Packets.udp(udp(5000, 6000), DATA));
    assertThat(Ip.ttl(ByteBuffer.wrap(out.onlySent()), 0)).isEqualTo(64);
  }

  @Test
  void oneFragmentAloneNeedsAKnownSourceAndAnOpenDestination() {
    send(ALICE, laterFragment(world.server(9)));
    assertThat(out.toUnderlay).isEmpty();
    send(ALICE, Packets.udp(udp(5000, 6000), DATA));
    long mapped = key(out.onlySent()).srcLo;
    send(ALICE, laterFragment(world.server(9)));
    ByteBuffer sent = ByteBuffer.wrap(out.onlySent());
    assertThat(Ip.srcLo(sent, 0)).isEqualTo(mapped);
    send(ALICE, laterFragment(world.closed()));
    assertThat(out.toUnderlay).isEmpty();
    assertThat(engine.view().info().drops())
        .containsEntry("FRAGMENT", 1L)
        .containsEntry("FORBIDDEN_DESTINATION", 1L);
  }

  @Test
  void anOpenPingLetsNoOtherIcmpThrough() {
    FlowKey ping = world.key(world.icmp(), 0, 0);
    send(ALICE, Packets.echo(ping, true, 1));
    FlowKey back = key(out.onlySent()).reverse();
    int solicitation = world.v4 ? 10 : 133;
    send(ALICE, Packets.icmp(ping, solicitation, 0, new byte[8]));
    send(ALICE, Packets.echo(ping, false, 1));
    assertThat(out.toUnderlay).isEmpty();
    receive(Packets.icmp(back, solicitation, 0, new byte[8]));
    receive(Packets.echo(back, true, 1));
    assertThat(out.toClient).isEmpty();
  }

  private ByteBuffer laterFragment(String to) {
    ByteBuffer whole = Packets.udp(Packets.key(Ip.UDP, world.inner(7), 1, to, 2), new byte[64]);
    if (world.v4) {
      whole.putShort(6, (short) 185).putShort(10, (short) 0);
      return whole.putShort(10, (short) Checksum.finish(Checksum.sum(whole, 0, 20, 0)));
    }
    // A fragment header in front of the rest: next header, reserved, offset, identification.
    ByteBuffer b = ByteBuffer.allocateDirect(whole.capacity() + 8);
    b.put(0, whole, 0, 40).put(48, whole, 40, whole.capacity() - 40);
    b.putShort(4, (short) (b.capacity() - 40)).put(6, (byte) 44);
    return b.put(40, (byte) Ip.UDP).putShort(42, (short) (185 << 3)).putInt(44, 7);
  }
}
