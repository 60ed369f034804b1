// SPDX-License-Identifier: Apache-2.0

/**
 * Link models in virtual time: loss, a drop-tail queue in bytes, rate, delay, reordering and
 * duplication; and queues that share a capped rate among classes and clients. They never sleep,
 * never read a clock and hold no packets; answers depend on logical times alone, not on when they
 * are asked for. Each is confined to the thread that feeds it.
 */
@NullMarked
package oasis.link;

import org.jspecify.annotations.NullMarked;
