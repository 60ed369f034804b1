// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

/**
 * Changes addresses, ports and the MSS option of a checked burst in place and keeps its checksums
 * as right as they were: complete ones are updated incrementally, so that a wrong checksum stays
 * wrong; partial ones get the new pseudo-header sum. A UDP checksum of 0 stays 0. A later fragment
 * has no ports: only its IP header changes. For ICMP echo the identifier is the port; other ICMP
 * and other protocols have none.
 */
public final class Rewrite {
  private Rewrite() {}

  /**
   * Sets source address and source port.
   *
   * @param hi high half of an address of the burst's family
   * @param lo low half, IPv4-mapped for IPv4
   * @param port source port, or echo identifier
   */
  public static void source(Burst b, long hi, long lo, int port) {
    throw new UnsupportedOperationException("being written");
  }

  /** Sets destination address and destination port; see {@link #source}. */
  public static void destination(Burst b, long hi, long lo, int port) {
    throw new UnsupportedOperationException("being written");
  }

  /** Lowers the MSS option of a SYN or SYN-ACK to at most {@code maxMss}; else does nothing. */
  public static void clampMss(Burst b, int maxMss) {
    throw new UnsupportedOperationException("being written");
  }
}
