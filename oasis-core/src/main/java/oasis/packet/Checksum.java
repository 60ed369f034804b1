// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * The Internet checksum (RFC 1071) and its incremental update (RFC 1624). A running sum is a long
 * that any number of {@link #sum} calls may extend; {@link #fold} makes 16 bits of it.
 */
public final class Checksum {
  private static final long LOW = 0xffff_ffffL;

  private Checksum() {}

  /**
   * Adds a block to a running sum. The block must begin at an even distance from the beginning of
   * what is summed, since an odd last byte is padded with zero.
   *
   * @param b big-endian buffer
   * @param at index of the block
   * @param bytes its length
   * @param acc sum so far, 0 to begin with
   */
  public static long sum(ByteBuffer b, int at, int bytes, long acc) {
    // Eight bytes count as two 32-bit halves: a long takes 2^32 of them without overflow. Four
    // accumulators, because one would make each addition wait for the one before.
    long s0 = acc;
    long s1 = 0;
    long s2 = 0;
    long s3 = 0;
    int i = at;
    int end = at + bytes;
    for (int last = end - 32; i <= last; i += 32) {
      long v0 = b.getLong(i);
      long v1 = b.getLong(i + 8);
      long v2 = b.getLong(i + 16);
      long v3 = b.getLong(i + 24);
      s0 += (v0 >>> 32) + (v0 & LOW);
      s1 += (v1 >>> 32) + (v1 & LOW);
      s2 += (v2 >>> 32) + (v2 & LOW);
      s3 += (v3 >>> 32) + (v3 & LOW);
    }
    s0 += s1 + s2 + s3;
    for (; i + 4 <= end; i += 4) {
      s0 += b.getInt(i) & LOW;
    }
    if (i + 2 <= end) {
      s0 += b.getShort(i) & 0xffff;
      i += 2;
    }
    return i < end ? s0 + ((b.get(i) & 0xff) << 8) : s0;
  }

  /** Folds a running sum to 16 bits; 0 only when every byte summed was 0. */
  public static int fold(long sum) {
    long s = (sum & LOW) + (sum >>> 32);
    s = (s & 0xffff) + (s >>> 16);
    s = (s & 0xffff) + (s >>> 16);
    return (int) ((s & 0xffff) + (s >>> 16));
  }

  /** The checksum of a running sum: its complement, folded. */
  public static int finish(long sum) {
    return ~fold(sum) & 0xffff;
  }

  /** The checksum after one 16-bit word under it changed (RFC 1624 equation 3). */
  public static int update16(int checksum, int oldWord, int newWord) {
    return finish((long) (~checksum & 0xffff) + (~oldWord & 0xffff) + (newWord & 0xffff));
  }

  /**
   * Sum of the pseudo-header of TCP, UDP and ICMPv6 (RFC 9293 section 3.1, RFC 8200 section 8.1).
   *
   * @param ip index of the IP header, of either family, which gives the addresses
   * @param protocol protocol number of the transport header
   * @param transportBytes length of transport header and payload
   */
  public static long pseudo(ByteBuffer b, int ip, int protocol, int transportBytes) {
    boolean v4 = Ip.version(b, ip) == 4;
    long rest = (long) protocol + transportBytes;
    return v4 ? sum(b, ip + 12, 8, rest) : sum(b, ip + 8, 32, rest);
  }

  /** The same for addresses that stand in no packet, in the form of {@link FlowKey}. */
  public static long pseudo(FlowKey key, int transportBytes) {
    long rest = (long) key.protocol() + transportBytes;
    long v4 = (key.srcLo & LOW) + (key.dstLo & LOW) + rest;
    if (Addresses.isV4(key.srcHi, key.srcLo)) {
      return v4;
    }
    return v4
        + (key.srcLo >>> 32)
        + (key.dstLo >>> 32)
        + (key.srcHi >>> 32)
        + (key.srcHi & LOW)
        + (key.dstHi >>> 32)
        + (key.dstHi & LOW);
  }

  /**
   * Whether nothing speaks against a checked burst's transport checksum: it is right, or there is
   * none to see (partial, of a fragment, of another protocol, or left out in UDP over IPv4). For a
   * merged burst it was looked at when it was merged.
   */
  public static boolean isGood(Burst b) {
    if (b.partialChecksum
        || b.fragment
        || b.pieces > 1
        || Transport.checksumOffset(b.protocol) < 0) {
      return true;
    }
    if (b.protocol == Ip.UDP && b.version == 4 && Udp.checksum(b.buffer, b.transport) == 0) {
      return true;
    }
    return Transport.checksumIsRight(b);
  }
}
