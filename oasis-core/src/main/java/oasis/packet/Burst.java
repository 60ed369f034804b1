// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A run of IP packets of one flow that share one set of headers: what the kernel hands over as one
 * offloaded packet. A single packet is a burst of one. The flow map is asked once per burst and the
 * headers are rewritten once; segmentation comes last.
 *
 * <p>Layout: the headers (IP and transport) lie at {@link #start()} of {@link #buffer()}; the
 * payload is one piece right behind them, or {@link #pieces()} pieces anywhere in the same buffer,
 * one per segment ({@code gathered}). Nothing is owned or copied: a burst is a view that its reader
 * refills, valid until the reader's next refill.
 *
 * <p>{@link #check} or {@link #checkOffloaded} must have returned {@code null} before any accessor
 * is used; the accessors then cannot fail. Confined to the thread that fills it.
 */
public final class Burst {
  /** Most pieces a gathered burst may have; the kernel's UDP_GRO stops at 64 segments. */
  public static final int MAX_PIECES = 128;

  final int[] pieceStart = new int[MAX_PIECES];
  final int[] pieceBytes = new int[MAX_PIECES];

  ByteBuffer buffer = ByteBuffer.allocate(0);
  long address;
  int start;
  int transport;
  int payload;
  int payloadBytes;
  int pieces;
  int segmentBytes;
  int version;
  int protocol;
  boolean fragment;
  boolean laterFragment;
  boolean partialChecksum;

  /**
   * Fills this burst from one plain IP packet with complete checksums. The IP length rules: bytes
   * behind it (padding) are left out.
   *
   * @param memory the buffer that holds the packet
   * @param memoryAddress native address of the buffer's index 0, or 0 when it has none
   * @param at index of the IP header
   * @param length bytes available from {@code at}
   * @return why the packet is no good, or null
   */
  public @Nullable DropReason check(ByteBuffer memory, long memoryAddress, int at, int length) {
    buffer = memory;
    address = memoryAddress;
    partialChecksum = false;
    return Headers.parse(this, at, length);
  }

  /**
   * Fills this burst from a virtio network header and the IP packet behind it, as a TUN device or a
   * packet socket with {@code PACKET_VNET_HDR} gives it. Nothing the header says is trusted:
   * lengths are derived again from the packet and every offset is checked.
   *
   * @param at index of the virtio header
   * @param length bytes from {@code at}: virtio header, {@code linkBytes} and packet
   * @param linkBytes bytes of link header between the virtio header and the IP header: 0 or 14
   * @return why the packet is no good, or null
   */
  public @Nullable DropReason checkOffloaded(
      ByteBuffer memory, long memoryAddress, int at, int length, int linkBytes) {
    buffer = memory;
    address = memoryAddress;
    return Virtio.parse(this, at, length, linkBytes);
  }

  /** Makes this burst the same view as another one, whose owner may then refill that. */
  public void set(Burst other) {
    buffer = other.buffer;
    address = other.address;
    start = other.start;
    transport = other.transport;
    payload = other.payload;
    payloadBytes = other.payloadBytes;
    pieces = other.pieces;
    segmentBytes = other.segmentBytes;
    version = other.version;
    protocol = other.protocol;
    fragment = other.fragment;
    laterFragment = other.laterFragment;
    partialChecksum = other.partialChecksum;
    System.arraycopy(other.pieceStart, 0, pieceStart, 0, pieces);
    System.arraycopy(other.pieceBytes, 0, pieceBytes, 0, pieces);
  }

  /** The memory that headers and payload lie in; big-endian, absolute access only. */
  public ByteBuffer buffer() {
    return buffer;
  }

  /** Native address of index 0 of {@link #buffer()}; 0 when the buffer has none (tests). */
  public long address() {
    return address;
  }

  /** Index of the IP header. */
  public int start() {
    return start;
  }

  /** Index of the transport header. For a later fragment: of the fragment's data. */
  public int transport() {
    return transport;
  }

  /** Bytes of IP and transport header together: what each segment repeats. */
  public int headerBytes() {
    return payload - start;
  }

  /** Payload bytes behind the transport header, of all segments together. */
  public int payloadBytes() {
    return payloadBytes;
  }

  /** Headers and payload together, 20 to 65,575 bytes. */
  public int length() {
    return payload - start + payloadBytes;
  }

  /** IP bytes of all its packets: what the network carries once it is segmented. */
  public long ipBytes() {
    return payloadBytes + (long) segments() * headerBytes();
  }

  /** 4 or 6. */
  public int version() {
    return version;
  }

  /** IP protocol number of the transport header. */
  public int protocol() {
    return protocol;
  }

  /** True for any fragment of a datagram, the first one included. */
  public boolean fragment() {
    return fragment;
  }

  /** True for a fragment that is not the first: it has no transport header. */
  public boolean laterFragment() {
    return laterFragment;
  }

  /**
   * Identification of the datagram that this is a fragment of: 16 bits of IPv4, 32 bits of IPv6.
   * Only for a fragment.
   */
  public int fragmentId() {
    return version == 4
        ? Ip.id4(buffer, start)
        : buffer.getInt(Extensions.fragmentAt(buffer, start) + 4);
  }

  /** Where in its datagram's data this fragment begins, in bytes. Only for a fragment. */
  public int fragmentOffset() {
    return version == 4
        ? (buffer.getShort(start + 6) & Ip.OFFSET_MASK) * 8
        : buffer.getShort(Extensions.fragmentAt(buffer, start) + 2) & 0xfff8;
  }

  /** Payload bytes of every segment but the last, which may be shorter; 0 for a single packet. */
  public int segmentBytes() {
    return segmentBytes;
  }

  /** Number of packets this burst stands for, at least 1. */
  public int segments() {
    return segmentBytes == 0 ? 1 : Math.max(1, (payloadBytes + segmentBytes - 1) / segmentBytes);
  }

  /**
   * True when the transport checksum field holds only the folded sum of the pseudo-header (virtio's
   * NEEDS_CSUM): whoever sends the packet out must finish it.
   */
  public boolean partialChecksum() {
    return partialChecksum;
  }

  /** Number of payload pieces: 1 when the payload follows the headers, else one per segment. */
  public int pieces() {
    return pieces;
  }

  /** Index in {@link #buffer()} of payload piece {@code i}. */
  public int pieceStart(int i) {
    return pieceStart[i];
  }

  /** Bytes of payload piece {@code i}. */
  public int pieceBytes(int i) {
    return pieceBytes[i];
  }
}
