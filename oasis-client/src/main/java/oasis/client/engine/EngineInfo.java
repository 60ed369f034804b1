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
 * @param tunPkts packets the programs sent into the TUN device
 * @param dnsQueries DNS queries seen
 * @param dnsFaked DNS answers in which addresses were replaced
 * @param drops packets dropped, by the name of the reason; reasons that never struck are left out
 */
public record EngineInfo(
    List<CarrierInfo> carriers,
    int flows,
    int maxFlows,
    int fakes,
    long tunPkts,
    long dnsQueries,
    long dnsFaked,
    Map<String, Long> drops) {}
