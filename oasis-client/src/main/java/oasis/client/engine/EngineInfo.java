// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.util.List;
import java.util.Map;

/**
 * A snapshot of the engine.
 *
 * @param carriers every carrier, OC0 first
 * @param flows flows in the flow map
 * @param maxFlows its capacity
 * @param fakes fake addresses given out, both families
 * @param fakesHeld those that flows hold now
 * @param fakesExhausted how often a name got none because none was free
 * @param tunPkts packets the programs sent into the TUN device
 * @param dnsQueries DNS queries seen
 * @param dnsFaked DNS answers in which addresses were replaced
 * @param dnsConnections connections to name servers whose answers are judged
 * @param dnsHeldBytes memory that these take for what is on its way, in bytes
 * @param drops packets dropped, by the name of the reason; reasons that never struck are left out
 */
public record EngineInfo(
    List<CarrierInfo> carriers,
    int flows,
    int maxFlows,
    int fakes,
    int fakesHeld,
    long fakesExhausted,
    long tunPkts,
    long dnsQueries,
    long dnsFaked,
    int dnsConnections,
    long dnsHeldBytes,
    Map<String, Long> drops) {}
