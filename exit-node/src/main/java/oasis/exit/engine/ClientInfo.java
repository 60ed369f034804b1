// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.Map;

/**
 * A snapshot of one client, or of one peer.
 *
 * @param endpoint UDP address and port; of one with a key, those it was last heard from
 * @param key number of its key, 0 without one
 * @param peer the peer's name; empty for a client
 * @param sources inner source addresses in use
 * @param flows live flows
 * @param outPkts packets from it that went on to their destinations
 * @param outBytes their IP bytes
 * @param inPkts packets for it
 * @param inBytes their IP bytes
 * @param drops packets from or for it that were dropped, by the name of the reason
 */
public record ClientInfo(
    String endpoint,
    int key,
    String peer,
    int sources,
    int flows,
    long outPkts,
    long outBytes,
    long inPkts,
    long inBytes,
    Map<String, Long> drops) {}
