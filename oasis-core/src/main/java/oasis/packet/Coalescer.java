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

  private static final int MAX_TOTAL = 65_535;

  private final boolean mergeUdp;
  private final Burst candidate = new Burst();
  private ByteBuffer memory = ByteBuffer.allocate(0);
  private long address;
  private int at;
  private int end;
  private int packetBytes;
  private int trailerBytes;
  private DropReason lastDrop = DropReason.TRUNCATED;

  /**
   * Makes a coalescer.
   *
   * @param mergeUdp whether UDP datagrams merge too, for a device that takes them (USO)
   */
  public Coalescer(boolean mergeUdp) {
    this.mergeUdp = mergeUdp;
  }

  /**
   * Begins a run.
   *
   * @param memory big-endian buffer
   * @param address native address of its index 0, or 0
   * @param at index of the first packet
   * @param bytes length of the whole run
   * @param packetBytes length of each packet but the last, which may be shorter; at least 1
   */
  public void begin(ByteBuffer memory, long address, int at, int bytes, int packetBytes) {
    begin(memory, address, at, bytes, packetBytes, 0);
  }

  /**
   * Begins a run in which something follows each packet.
   *
   * @param packetBytes length of each packet with what follows it, but of the last
   * @param trailerBytes how much follows each packet; no packet and trailer is shorter
   */
  public void begin(
      ByteBuffer memory, long address, int at, int bytes, int packetBytes, int trailerBytes) {
    this.memory = memory;
    this.address = address;
    this.at = at;
    this.end = at + bytes;
    this.packetBytes = packetBytes;
    this.trailerBytes = trailerBytes;
  }

  /** Fills {@code into} from the next packets; {@link #END}, {@link #BURST} or {@link #DROPPED}. */
  public int next(Burst into) {
    if (at >= end) {
      return END;
    }
    int bytes = nextBytes();
    DropReason bad = into.check(memory, address, at, bytes - trailerBytes);
    at += bytes;
    if (bad != null) {
      lastDrop = bad;
      return DROPPED;
    }
    if (at < end && Merge.mayBegin(into, mergeUdp)) {
      extend(into);
    }
    return BURST;
  }

  /** Why the last {@link #DROPPED} packet was dropped. */
  public DropReason lastDrop() {
    return lastDrop;
  }

  private int nextBytes() {
    return Math.min(packetBytes, end - at);
  }

  private void extend(Burst b) {
    int size = b.payloadBytes;
    int total = size;
    int pieces = 1;
    int previous = b.start;
    boolean more = true;
    while (more && at < end && pieces < Burst.MAX_PIECES) {
      int bytes = nextBytes();
      if (candidate.check(memory, address, at, bytes - trailerBytes) != null
          || candidate.payloadBytes > size
          || b.headerBytes() + total + candidate.payloadBytes > MAX_TOTAL
          || !Merge.follows(b, previous, total, candidate)
          || (pieces == 1 && !Transport.checksumIsRight(b))
          || !Transport.checksumIsRight(candidate)) {
        break;
      }
      b.pieceStart[pieces] = candidate.payload;
      b.pieceBytes[pieces] = candidate.payloadBytes;
      pieces++;
      total += candidate.payloadBytes;
      previous = candidate.start;
      at += bytes;
      more = candidate.payloadBytes == size && Merge.endFlags(candidate) == 0;
    }
    if (pieces > 1) {
      b.pieces = pieces;
      b.payloadBytes = total;
      b.segmentBytes = size;
      b.partialChecksum = true;
      Merge.writeHeaders(b, more ? 0 : Merge.endFlags(candidate));
    }
  }
}
