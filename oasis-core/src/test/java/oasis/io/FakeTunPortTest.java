// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import oasis.packet.DropReason;
import oasis.testkit.FakeTunPort;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

class FakeTunPortTest extends TunPortContract {
  private final FakeTunPort tun = new FakeTunPort(1400);

  @Override
  TunPort tun() {
    return tun;
  }

  @Override
  void hostSends(byte[] payload) {
    ByteBuffer packet = Packets.udp(FROM_HOST, payload);
    byte[] bytes = new byte[packet.capacity()];
    packet.get(0, bytes);
    tun.offer(bytes);
  }

  @Override
  List<byte[]> hostReceived(int count) {
    assertThat(tun.written()).hasSize(count);
    tun.written().forEach(Packets::assertChecksums);
    return tun.written().stream().map(p -> Arrays.copyOfRange(p, 28, p.length)).toList();
  }

  @Override
  void takeDown() {
    tun.refuse(true);
  }

  @Override
  void delete() {
    tun.delete();
  }

  @Test
  void aPacketThatFailsItsCheckIsCounted() {
    tun.offer(new byte[] {0x45, 0, 0});
    assertThat(tun.read(burst, 0)).isEqualTo(TunPort.DROPPED);
    assertThat(tun.counters().drops(DropReason.TRUNCATED)).isEqualTo(1);
  }
}
