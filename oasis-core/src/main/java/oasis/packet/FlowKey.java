// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

/**
 * A 5-tuple as five longs, the same for both address families: an IPv4 address is held IPv4-mapped
 * (RFC 4291 section 2.5.5.2), high half 0 and low half {@code 0x0000ffff_aabbccdd}. For ICMP echo
 * the identifier stands in both port fields; other ICMP has ports 0.
 *
 * <p>Mutable and reused on the packet path; confined to its owner's thread.
 */
public final class FlowKey {
  public long srcHi;
  public long srcLo;
  public long dstHi;
  public long dstLo;

  /** {@code protocol << 32 | source port << 16 | destination port}. */
  public long ports;

  /** Takes the 5-tuple of a burst that passed its check and is not a later fragment. */
  public FlowKey of(Burst b) {
    return FlowKeys.read(b, this);
  }

  /** Sets all five fields. */
  public FlowKey set(long sHi, long sLo, long dHi, long dLo, int protocol, int sport, int dport) {
    srcHi = sHi;
    srcLo = sLo;
    dstHi = dHi;
    dstLo = dLo;
    ports = (long) protocol << 32 | (long) sport << 16 | dport;
    return this;
  }

  /** Takes over all fields of another key. */
  public FlowKey set(FlowKey other) {
    srcHi = other.srcHi;
    srcLo = other.srcLo;
    dstHi = other.dstHi;
    dstLo = other.dstLo;
    ports = other.ports;
    return this;
  }

  /** Swaps source and destination. */
  public FlowKey reverse() {
    long hi = srcHi;
    long lo = srcLo;
    srcHi = dstHi;
    srcLo = dstLo;
    dstHi = hi;
    dstLo = lo;
    ports = ports & 0xffff_ffff_0000_0000L | (ports & 0xffff) << 16 | ports >>> 16 & 0xffff;
    return this;
  }

  /** IP protocol number. */
  public int protocol() {
    return (int) (ports >>> 32);
  }

  /** Source port, or echo identifier. */
  public int sport() {
    return (int) (ports >>> 16) & 0xffff;
  }

  /** Destination port, or echo identifier. */
  public int dport() {
    return (int) ports & 0xffff;
  }
}
