// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

/**
 * The packet quoted inside an ICMP or ICMPv6 error. Its rewriting keeps every checksum as right as
 * it was: the quoted IP header's, the quoted transport header's where it was not cut off, and that
 * of the error itself. The outer addresses are {@link Rewrite}'s.
 */
public final class IcmpInner {
  private IcmpInner() {}

  /**
   * Reads the 5-tuple of the quoted packet, in the direction in which that packet went.
   *
   * @param b a checked burst for which {@link Icmp#isError(Burst)} holds
   * @return false when the quoted packet is of another family, a later fragment, cut before its
   *     ports, or of a protocol without ports
   */
  public static boolean read(Burst b, FlowKey into) {
    throw new UnsupportedOperationException("being written");
  }

  /** Sets the quoted packet's source; {@link #read} must have returned true. */
  public static void source(Burst b, long hi, long lo, int port) {
    throw new UnsupportedOperationException("being written");
  }

  /** Sets the quoted packet's destination; {@link #read} must have returned true. */
  public static void destination(Burst b, long hi, long lo, int port) {
    throw new UnsupportedOperationException("being written");
  }
}
