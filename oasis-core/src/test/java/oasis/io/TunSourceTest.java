// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import oasis.packet.Burst;
import oasis.testkit.FakeTunPort;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

class TunSourceTest implements Arrivals {
  private static final long MS = 1_000_000;

  private final FakeTunPort tun = new FakeTunPort(1400);
  private final AtomicInteger gone = new AtomicInteger();
  private final TunSource source = new TunSource(tun, this, gone::incrementAndGet);
  private final List<Integer> batches = new ArrayList<>();
  private int bursts;

  @Override
  public void onBurst(Burst b, long nowNs) {
    bursts++;
  }

  @Override
  public void onBatchEnd() {
    batches.add(bursts);
    bursts = 0;
  }

  @Test
  void aPacketThatComesAfterAPauseIsABatchOfItsOwn() {
    offer(3);
    assertThat(source.onReadable(100 * MS)).isFalse();
    assertThat(batches).containsExactly(1);
  }

  @Test
  void packetsThatFollowAtOnceAreABatchTogether() {
    offer(8);
    source.onReadable(100 * MS);
    assertThat(source.onReadable(100 * MS + 20_000)).isFalse();
    assertThat(batches).containsExactly(1, 7);
  }

  @Test
  void aBatchIsBoundedAndSaysThatThereMayBeMore() {
    offer(tun.slots() + 2);
    source.onReadable(100 * MS);
    assertThat(source.onReadable(100 * MS + 20_000)).isTrue();
    assertThat(batches).containsExactly(1, tun.slots());
  }

  @Test
  void nothingIsLostWhenTheClockStandsStill() {
    offer(5);
    source.onReadable(100 * MS);
    source.onReadable(100 * MS);
    assertThat(batches).containsExactly(1, 4);
  }

  @Test
  void aDeletedDeviceIsReported() {
    tun.delete();
    assertThat(source.onReadable(100 * MS)).isFalse();
    assertThat(gone).hasValue(1);
  }

  private void offer(int packets) {
    for (int i = 0; i < packets; i++) {
      ByteBuffer packet = Packets.udp(TunPortContract.FROM_HOST, new byte[] {(byte) i});
      byte[] bytes = new byte[packet.capacity()];
      packet.get(0, bytes);
      tun.offer(bytes);
    }
  }
}
