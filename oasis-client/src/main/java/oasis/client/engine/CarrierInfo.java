// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

/**
 * A snapshot of one carrier.
 *
 * @param name the user's name for the overlay; {@code underlay} for OC0
 * @param state what is known of it; OC0 is always alive
 * @param silentMs milliseconds since anything was heard of it, or -1 for never
 * @param flows flows pinned to it now
 * @param outPkts packets sent by it
 * @param outBytes their IP bytes
 * @param inPkts packets received from it
 * @param inBytes their IP bytes
 */
public record CarrierInfo(
    String name,
    CarrierState state,
    long silentMs,
    int flows,
    long outPkts,
    long outBytes,
    long inPkts,
    long inBytes) {}
