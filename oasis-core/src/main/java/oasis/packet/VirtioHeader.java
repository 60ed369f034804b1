// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * The virtio network header (virtio 1.2 section 5.1.6) in front of packets of a TUN device with
 * {@code IFF_VNET_HDR} or a packet socket with {@code PACKET_VNET_HDR}. Its words are in the host's
 * byte order, which is little-endian on every host that we support.
 *
 * <pre>
 * byte 0      1          2..3       4..5       6..7         8..9
 *    flags | GSO type | hdr_len | gso_size | csum_start | csum_offset
 * </pre>
 */
public final class VirtioHeader {
  /** Bytes of the header. */
  public static final int BYTES = 10;

  private VirtioHeader() {}

  /**
   * Writes the header that describes a burst.
   *
   * @param at index of the header in {@code out}
   * @param linkBytes bytes of link header between it and the IP header: 0 or 14
   */
  public static void write(ByteBuffer out, int at, Burst burst, int linkBytes) {
    throw new UnsupportedOperationException("being written");
  }
}
