// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import org.jspecify.annotations.Nullable;

/**
 * A snapshot of one flow, addresses as text.
 *
 * @param protocol {@code tcp}, {@code udp}, {@code icmp} or a number
 * @param program address and port of the local program
 * @param seen the destination as the program sees it: the fake address for a name rule
 * @param destination the real destination
 * @param name the name the program asked for, or null
 * @param rule the rule that decided, or null
 * @param carrier name of the carrier that the flow is pinned to
 * @param ageMs milliseconds since its first packet
 * @param idleMs milliseconds since its last packet
 * @param outPkts packets from the program
 * @param outBytes their IP bytes
 * @param inPkts packets to the program
 * @param inBytes their IP bytes
 */
public record FlowInfo(
    String protocol,
    String program,
    String seen,
    String destination,
    @Nullable String name,
    @Nullable String rule,
    String carrier,
    long ageMs,
    long idleMs,
    long outPkts,
    long outBytes,
    long inPkts,
    long inBytes) {}
