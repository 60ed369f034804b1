// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

/**
 * A snapshot of one carrier.
 *
 * @param index the engine's number of it
 * @param name the user's name for the overlay, the same for each of its entry nodes; {@code
 *     underlay} for OC0
 * @param state what is known of it; OC0 is always alive
 * @param silentMs milliseconds since anything was heard of it, or -1 for never
 * @param rttUs smoothed round-trip time of its probes in microseconds, or -1 when not measured
 * @param chosen whether new flows of its overlay get it
 * @param mtu longest IP packet that it carries, in bytes; of OC0 what the TUN device carries,
 *     though a path may be narrower
 * @param ipv6 whether it can carry IPv6: not with an MTU below 1,280 bytes, nor OC0 on a host
 *     without an IPv6 address of its own; IPv6 flows that choose it then go by their rule's {@code
 *     else}
 * @param flows flows pinned to it now
 * @param outPkts packets sent by it
 * @param outBytes their IP bytes
 * @param inPkts packets received from it
 * @param inBytes their IP bytes
 */
public record CarrierInfo(
    int index,
    String name,
    CarrierState state,
    long silentMs,
    long rttUs,
    boolean chosen,
    int mtu,
    boolean ipv6,
    int flows,
    long outPkts,
    long outBytes,
    long inPkts,
    long inBytes) {}
