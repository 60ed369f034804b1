// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * Makes bursts of a run of packets that lie in one buffer one behind the other, equal in size but
 * for the last, as {@code UDP_GRO} hands them over. Consecutive TCP segments of one flow merge when
 * the kernel's own GRO would merge them and each one's checksum is right; what does not merge, a
 * packet with a wrong checksum included, is passed on alone and untouched.
 *
 * <p>Of a merged burst the headers lie in the first packet's place, with the total length, the IPv4
 * checksum and a partial transport checksum set; the payload stays where it is, one piece per
 * segment. Confined to its owner's thread.
 */
public final class Coalescer {
  /** Result of {@link #next}: the run is used up. */
  public static final int END = 0;

  /** Result of {@link #next}: the burst is filled. */
  public static final int BURST = 1;

  /** Result of {@link #next}: a packet failed its check; see {@link #lastDrop}. */
  public static final int DROPPED = 2;

  /**
   * Makes a coalescer.
   *
   * @param mergeUdp whether UDP datagrams merge too, for a device that takes them (USO)
   */
  public Coalescer(boolean mergeUdp) {}

  /**
   * Begins a run.
   *
   * @param memory big-endian buffer
   * @param address native address of its index 0, or 0
   * @param at index of the first packet
   * @param bytes length of the whole run
   * @param packetBytes length of each packet but the last, which may be shorter
   */
  public void begin(ByteBuffer memory, long address, int at, int bytes, int packetBytes) {
    throw new UnsupportedOperationException("being written");
  }

  /** Fills {@code into} from the next packets; {@link #END}, {@link #BURST} or {@link #DROPPED}. */
  public int next(Burst into) {
    throw new UnsupportedOperationException("being written");
  }

  /** Why the last {@link #DROPPED} packet was dropped. */
  public DropReason lastDrop() {
    throw new UnsupportedOperationException("being written");
  }
}
