// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import oasis.packet.Address;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link WebPort} needs to know.
 *
 * @param maxConnections most connections at a time, 1 to 16,384
 * @param maxHeldBytes most bytes of heads and early bodies that all connections together hold; one
 *     holds at most about 128 KiB
 * @param maxSegment payload bytes of a TCP segment without options that every carrier takes, over
 *     IPv6: 536 to 9000
 * @param inner4 source of IPv4 packets to servers, or null for none
 * @param inner6 source of IPv6 packets to servers, or null for none
 * @param headTimeoutNs how long a head may take to arrive
 * @param dialTimeoutNs how long all addresses of a server together may take to answer
 * @param idleTimeoutNs how long a connection may be silent (RFC 5382 asks for two hours)
 * @param seed secret of hash functions and sequence numbers
 */
public record PortConfig(
    int maxConnections,
    int maxHeldBytes,
    int maxSegment,
    @Nullable Address inner4,
    @Nullable Address inner6,
    long headTimeoutNs,
    long dialTimeoutNs,
    long idleTimeoutNs,
    long seed) {
  private static final long SECOND_NS = 1_000_000_000L;

  public PortConfig {
    require(maxConnections >= 1 && maxConnections <= 16_384, "max-connections: 1 to 16384");
    require(maxHeldBytes >= 1 << 18, "max-held must be at least 262144");
    require(maxSegment >= 536 && maxSegment <= 9000, "max-segment must be 536 to 9000");
    require(inner4 != null || inner6 != null, "an inner address must be given");
    require(headTimeoutNs > 0 && dialTimeoutNs > 0 && idleTimeoutNs > 0, "timeouts are positive");
  }

  /** The defaults: 16,384 connections, 64 MiB, 30 s for a head, 20 s for a server. */
  public static PortConfig defaults(
      int maxSegment, @Nullable Address inner4, @Nullable Address inner6, long seed) {
    return new PortConfig(
        16_384,
        64 << 20,
        maxSegment,
        inner4,
        inner6,
        30 * SECOND_NS,
        20 * SECOND_NS,
        7_440 * SECOND_NS,
        seed);
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }
}
