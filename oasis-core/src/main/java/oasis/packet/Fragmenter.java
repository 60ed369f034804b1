// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * Cuts an IPv4 packet that is longer than a link's MTU and may be fragmented (RFC 791 section 3.2);
 * a fragment is cut further. IPv6 packets are cut by their senders only.
 *
 * <pre>{@code
 * if (Fragmenter.mayCut(packet) && fragmenter.begin(packet, mtu)) {
 *   while (fragmenter.next(fragment)) { … send it, copying its headers … }
 * }
 * }</pre>
 *
 * <p>Nothing is copied: each fragment is a view of the packet's own memory, whose IP header is
 * written anew for the next one while its payload stays where it is. Confined to its owner's
 * thread.
 */
public final class Fragmenter {
  /**
   * Least data of a fragment but the last. It keeps every transport header whole in the first one,
   * which filters insist on (RFC 3128).
   */
  private static final int MIN_DATA = 64;

  private static final int OPTION_END = 0;
  private static final int OPTION_NOP = 1;
  private static final int COPIED = 0x80;

  private Burst packet = new Burst();
  private int header;
  private int data;
  private int dataBytes;
  private int room;
  private int word;
  private int done;

  /** True when a checked burst is a single IPv4 packet without "don't fragment". */
  public static boolean mayCut(Burst b) {
    return b.version == 4
        && b.segments() == 1
        && b.pieceStart[0] == b.payload
        && !Ip.dontFragment4(b.buffer, b.start);
  }

  /**
   * Begins with a packet, which must stay unchanged until the last fragment. An unfinished
   * transport checksum is finished.
   *
   * @param b a burst for which {@link #mayCut} holds
   * @param mtu most bytes of a fragment
   * @return false when the MTU leaves no room for fragments
   */
  public boolean begin(Burst b, int mtu) {
    packet = b;
    header = Ip.headerBytes4(b.buffer, b.start);
    data = b.start + header;
    dataBytes = b.length() - header;
    room = mtu - header & ~7;
    word = b.buffer.getShort(b.start + 6) & (Ip.MORE_FRAGMENTS | Ip.OFFSET_MASK);
    done = 0;
    if (room < MIN_DATA) {
      return false;
    }
    if (b.partialChecksum) {
      finishChecksum(b);
    }
    return true;
  }

  private static void finishChecksum(Burst b) {
    int bytes = Transport.bytes(b);
    b.buffer.putShort(b.transport + Transport.checksumOffset(b.protocol), (short) 0);
    long pseudo = Checksum.pseudo(b.buffer, b.start, b.protocol, bytes);
    long sum = Checksum.sum(b.buffer, b.transport, bytes, pseudo);
    Transport.putChecksum(b.buffer, b.transport, b.protocol, sum);
    b.partialChecksum = false;
  }

  /**
   * Fills in the next fragment.
   *
   * @param into another burst than the packet; valid until the next call
   * @return false when there is none left
   */
  public boolean next(Burst into) {
    if (done == dataBytes) {
      return false;
    }
    int bytes = Math.min(room, dataBytes - done);
    boolean last = done + bytes == dataBytes;
    int more = last ? word & Ip.MORE_FRAGMENTS : Ip.MORE_FRAGMENTS;
    int offset = (word & Ip.OFFSET_MASK) + done / 8;
    writeHeader(more | offset, header + bytes);
    view(into, offset > 0, bytes);
    done += bytes;
    return true;
  }

  private void writeHeader(int flagsAndOffset, int total) {
    ByteBuffer m = packet.buffer;
    int at = packet.start;
    if (done > 0) {
      dropOptions(m, at + Ip.V4_BYTES, data);
    }
    m.putShort(at + 2, (short) total);
    m.putShort(at + 6, (short) flagsAndOffset);
    m.putShort(at + 10, (short) 0);
    m.putShort(at + 10, (short) Checksum.finish(Checksum.sum(m, at, header, 0)));
  }

  /** Options that only the first fragment carries become padding. */
  private static void dropOptions(ByteBuffer m, int from, int end) {
    int at = from;
    while (at < end) {
      int kind = m.get(at) & 0xff;
      if (kind == OPTION_NOP) {
        at++;
        continue;
      }
      int bytes = at + 1 < end ? m.get(at + 1) & 0xff : 0;
      if (kind == OPTION_END || bytes < 2 || at + bytes > end) {
        return;
      }
      for (int i = at; (kind & COPIED) == 0 && i < at + bytes; i++) {
        m.put(i, (byte) OPTION_NOP);
      }
      at += bytes;
    }
  }

  private void view(Burst into, boolean later, int bytes) {
    into.buffer = packet.buffer;
    into.address = packet.address;
    into.start = packet.start;
    into.version = 4;
    into.protocol = packet.protocol;
    into.fragment = true;
    into.laterFragment = later;
    into.partialChecksum = false;
    into.segmentBytes = 0;
    into.transport = data;
    into.payload = later ? data : packet.payload;
    into.payloadBytes = bytes - (into.payload - data);
    into.pieces = 1;
    into.pieceStart[0] = later ? data + done : packet.payload;
    into.pieceBytes[0] = into.payloadBytes;
  }
}
