// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import oasis.packet.Ip;
import oasis.packet.Tcp;

/** How far an ICMP error may shorten segments: anybody can send one. */
final class PathLimit {
  private static final int LEAST_V4_MTU = 552; // as Linux does
  private static final int LEAST_V6_MTU = 1280;

  private PathLimit() {}

  /** Payload of a segment that fits the MTU, or 0 if the error is to be ignored. */
  static int segmentBytes(boolean v4, int mtu) {
    if (v4) {
      return Math.max(mtu, LEAST_V4_MTU) - Ip.V4_BYTES - Tcp.BYTES;
    }
    return mtu < LEAST_V6_MTU ? 0 : mtu - Ip.V6_BYTES - Tcp.BYTES; // RFC 8201 section 4
  }
}
