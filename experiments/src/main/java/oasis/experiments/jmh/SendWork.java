// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.jmh;

import java.nio.ByteBuffer;
import oasis.packet.Burst;
import oasis.packet.Segmenter;
import oasis.packet.VirtioHeader;

/** What the ports do with a burst before their system calls. */
final class SendWork {
  /** Bytes of link header before the IP header of what a packet socket sends. */
  static final int ETHERNET_BYTES = 14;

  private final ByteBuffer virtio = ByteBuffer.allocateDirect(VirtioHeader.BYTES);
  private final Segmenter segmenter =
      new Segmenter(ByteBuffer.allocateDirect(Segmenter.ARENA_BYTES));

  /** Describes a burst that the kernel takes whole. Returns something that depends on it. */
  long whole(Burst b, int linkBytes) {
    VirtioHeader.write(virtio, 0, b, linkBytes);
    return b.pieces();
  }

  /** Makes datagrams of a burst. Returns something that depends on them. */
  long segments(Burst b) {
    long sum = 0;
    int made;
    for (int first = 0; first < b.segments(); first += made) {
      made = segmenter.segment(b, first);
      sum += segmenter.payloadBytes(made - 1);
    }
    return sum;
  }
}
