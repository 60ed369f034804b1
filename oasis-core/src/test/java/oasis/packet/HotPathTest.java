// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;
import oasis.testkit.Gen;
import oasis.testkit.NoAllocation;
import org.junit.jupiter.api.Test;

/** What runs for every packet allocates nothing. */
class HotPathTest {
  private static final int ROUNDS = 5000;

  @Test
  void checkKeyAndRewriteDoNotAllocate() {
    Gen gen = new Gen(1);
    for (int i = 0; i < 10; i++) {
      byte[] p = RandomPackets.any(gen);
      ByteBuffer memory = RandomPackets.direct(p);
      Burst b = new Burst();
      FlowKey key = new FlowKey();
      NoAllocation.check(
          ROUNDS,
          () -> {
            b.check(memory, 0, 0, p.length);
            key.of(b);
            Rewrite.source(b, key.srcHi, key.srcLo ^ 3, key.sport() ^ 1);
            Rewrite.destination(b, key.dstHi, key.dstLo ^ 3, key.dport() ^ 1);
            Rewrite.clampMss(b, 1300);
          });
    }
  }

  @Test
  void segmentingAndCoalescingDoNotAllocate() {
    for (int protocol : new int[] {Ip.TCP, Ip.UDP}) {
      byte[] p = Bursts.superPacket(new Gen(2), protocol, 14_000, Tcp.ACK);
      Burst b = Bursts.offloaded(p, 1400);
      Segmenter segmenter = new Segmenter(ByteBuffer.allocateDirect(Segmenter.ARENA_BYTES));
      byte[] run = Bursts.join(Bursts.cut(p, 1400));
      ByteBuffer fresh = RandomPackets.direct(run);
      ByteBuffer memory = RandomPackets.direct(run);
      Coalescer coalescer = new Coalescer(true);
      Burst merged = new Burst();
      ByteBuffer virtio = ByteBuffer.allocateDirect(10);
      NoAllocation.check(
          ROUNDS / 10,
          () -> {
            segmenter.segment(b, 0);
            memory.put(0, fresh, 0, run.length);
            coalescer.begin(memory, 0, 0, run.length, run.length / 10);
            while (coalescer.next(merged) != Coalescer.END) {
              VirtioHeader.write(virtio, 0, merged, 0);
            }
          });
    }
  }
}
