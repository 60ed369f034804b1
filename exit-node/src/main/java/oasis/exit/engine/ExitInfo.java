// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.Map;

/**
 * A snapshot of the engine.
 *
 * @param clients client endpoints that have a source
 * @param sources inner source addresses in use, over all clients
 * @param flows flows in the table, ended TCP connections included
 * @param maxFlows its capacity
 * @param flowsBegun flows since the start
 * @param outPkts packets that went on to their destinations
 * @param outBytes their IP bytes
 * @param inPkts packets that went back to clients
 * @param inBytes their IP bytes
 * @param keepAlives keep-alives that were answered
 * @param replies ICMP errors and resets that the node wrote
 * @param drops packets dropped, by the name of the reason; reasons that never struck are left out
 */
public record ExitInfo(
    int clients,
    int sources,
    int flows,
    int maxFlows,
    long flowsBegun,
    long outPkts,
    long outBytes,
    long inPkts,
    long inBytes,
    long keepAlives,
    long replies,
    Map<String, Long> drops) {}
