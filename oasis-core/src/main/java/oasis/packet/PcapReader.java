// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Reads a capture file of either byte order, with timestamps in micro- or nanoseconds. The file is
 * not trusted: a packet beyond the largest size is an error, and every error is one line that names
 * the packet's number. Confined to its owner's thread.
 */
public final class PcapReader implements AutoCloseable {
  private static final int MICRO_MAGIC = 0xa1b2c3d4;
  private static final long SECOND_NS = 1_000_000_000L;

  private final InputStream in;
  private final byte[] bytes = new byte[PcapWriter.MAX_PACKET];
  private final ByteBuffer packet = ByteBuffer.wrap(bytes);
  private final byte[] head = new byte[PcapWriter.FILE_HEADER];
  private final ByteBuffer header = ByteBuffer.wrap(head);
  private final int linkType;
  private final int fractionNs;
  private int number;
  private int length;
  private int originalLength;
  private long timeNs;

  /** Reads the file's header. */
  public PcapReader(InputStream in) throws IOException {
    this.in = in;
    if (in.readNBytes(head, 0, PcapWriter.FILE_HEADER) < PcapWriter.FILE_HEADER) {
      throw new IOException("not a capture file: shorter than 24 bytes");
    }
    int magic = header.getInt(0);
    if (magic != MICRO_MAGIC && magic != PcapWriter.NANO_MAGIC) {
      magic = Integer.reverseBytes(magic);
      header.order(ByteOrder.LITTLE_ENDIAN);
    }
    if (magic != MICRO_MAGIC && magic != PcapWriter.NANO_MAGIC) {
      throw new IOException("not a capture file: it begins with no pcap magic number");
    }
    fractionNs = magic == MICRO_MAGIC ? 1000 : 1;
    if (header.getShort(4) != 2) {
      throw new IOException("capture file of version " + header.getShort(4) + ", not 2");
    }
    // The upper bits say how long the frame check sequence is.
    linkType = header.getInt(20) & 0x03ff_ffff;
  }

  /** Link type of all packets, for example {@link PcapWriter#RAW}. */
  public int linkType() {
    return linkType;
  }

  /**
   * Reads the next packet.
   *
   * @return false at the end of the file
   * @throws IOException with one line, also when the file ends within a packet
   */
  public boolean next() throws IOException {
    int read = in.readNBytes(head, 0, PcapWriter.RECORD_HEADER);
    if (read == 0) {
      return false;
    }
    number++;
    if (read < PcapWriter.RECORD_HEADER) {
      throw new IOException("capture file ends within the header of packet " + number);
    }
    length = header.getInt(8);
    originalLength = header.getInt(12);
    long fraction = (header.getInt(4) & 0xffff_ffffL) * fractionNs;
    if (length < 0 || length > PcapWriter.MAX_PACKET) {
      throw new IOException(
          "packet " + number + " claims " + (length & 0xffff_ffffL) + " bytes, more than 262144");
    }
    if (fraction >= SECOND_NS) {
      throw new IOException("packet " + number + " has a time fraction of a second or more");
    }
    if (in.readNBytes(bytes, 0, length) < length) {
      throw new IOException("capture file ends within packet " + number);
    }
    timeNs = (header.getInt(0) & 0xffff_ffffL) * SECOND_NS + fraction;
    return true;
  }

  /** Memory of the packet, from index 0, until the next {@link #next}. */
  public ByteBuffer packet() {
    return packet;
  }

  /** Bytes of the packet in the file. */
  public int length() {
    return length;
  }

  /** Bytes that the packet had before the capture cut it. */
  public int originalLength() {
    return originalLength;
  }

  /** Nanoseconds since 1970. */
  public long timeNs() {
    return timeNs;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
