// SPDX-License-Identifier: Apache-2.0

/**
 * The hostile experiment: what an exit node does under fuzzed datagrams, by sockets and directly
 * into its engine. Packets are read and judged by code of this package alone, not by that of the
 * exit node. Classes are confined to one thread unless they say otherwise.
 */
@NullMarked
package oasis.experiments.hostile;

import org.jspecify.annotations.NullMarked;
