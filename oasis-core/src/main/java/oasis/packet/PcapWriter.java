// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/**
 * Writes a capture file with nanosecond timestamps (pcap, draft-ietf-opsawg-pcap), up to a largest
 * size: what would go beyond it is counted and left out, so that a forgotten capture does not fill
 * the disk. Confined to its owner's thread.
 */
public final class PcapWriter implements AutoCloseable {
  /** Link type of packets that begin with their IP header. */
  public static final int RAW = 101;

  /** Link type of Ethernet frames. */
  public static final int ETHERNET = 1;

  static final int NANO_MAGIC = 0xa1b23c4d;
  static final int FILE_HEADER = 24;
  static final int RECORD_HEADER = 16;

  /** Most bytes of one packet in a file that tools accept. */
  static final int MAX_PACKET = 262_144;

  private static final long SECOND_NS = 1_000_000_000L;

  private final OutputStream out;
  private final byte[] chunk = new byte[RECORD_HEADER + MAX_PACKET];
  private final ByteBuffer record = ByteBuffer.wrap(chunk);
  private final long maxBytes;
  private long bytes;
  private long leftOutPkts;

  /**
   * Writes the file's header.
   *
   * @param linkType {@link #RAW} or {@link #ETHERNET}
   * @param maxBytes most bytes of the whole file, at least 24
   */
  public PcapWriter(OutputStream out, int linkType, long maxBytes) throws IOException {
    this.out = out;
    this.maxBytes = maxBytes;
    // Version 2.4, no time zone, no accuracy, snap length, link type.
    record.putInt(0, NANO_MAGIC).putInt(4, 2 << 16 | 4).putInt(16, MAX_PACKET).putInt(20, linkType);
    out.write(chunk, 0, FILE_HEADER);
    bytes = FILE_HEADER;
  }

  /**
   * Adds a packet.
   *
   * @param epochNs nanoseconds since 1970
   * @return false when the file is full and the packet was left out
   */
  public boolean write(ByteBuffer packet, int at, int length, long epochNs) throws IOException {
    int kept = Math.min(length, MAX_PACKET);
    if (bytes + RECORD_HEADER + kept > maxBytes) {
      leftOutPkts++;
      return false;
    }
    record
        .putInt(0, (int) (epochNs / SECOND_NS))
        .putInt(4, (int) (epochNs % SECOND_NS))
        .putInt(8, kept)
        .putInt(12, length);
    record.put(RECORD_HEADER, packet, at, kept);
    out.write(chunk, 0, RECORD_HEADER + kept);
    bytes += RECORD_HEADER + kept;
    return true;
  }

  /** Packets left out because the file was full. */
  public long leftOutPkts() {
    return leftOutPkts;
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
