// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import org.jspecify.annotations.Nullable;

/**
 * What happens to the packets of a 5-tuple.
 *
 * @param flow the flow that exists; it keeps its carrier whatever the rules say now
 * @param name the name behind a fake destination, or null
 * @param unknownFake whether the destination is a fake address that means nothing
 * @param decision what would happen to a new flow
 */
public record Explanation(
    @Nullable FlowInfo flow, @Nullable String name, boolean unknownFake, Decision decision) {}
