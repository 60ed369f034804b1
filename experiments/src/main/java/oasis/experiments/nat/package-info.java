// SPDX-License-Identifier: Apache-2.0

/**
 * The NAT experiment: what a million mappings cost in the engine, and how many connections a second
 * begin through an exit node beside the kernel's own masquerade. Classes are confined to one thread
 * unless they say otherwise.
 */
@NullMarked
package oasis.experiments.nat;

import org.jspecify.annotations.NullMarked;
