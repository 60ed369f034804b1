// SPDX-License-Identifier: Apache-2.0

/**
 * Flow tables keyed by primitives, the NAT engine, port and fake-address allocators, and the timer
 * wheel. It reads no clock and draws no random number of its own: both are arguments. Each object
 * is confined to the one thread that owns it.
 */
@NullMarked
package oasis.flow;

import org.jspecify.annotations.NullMarked;
