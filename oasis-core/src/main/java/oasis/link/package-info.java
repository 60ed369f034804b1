// SPDX-License-Identifier: Apache-2.0

/**
 * Link models in virtual time: loss, a drop-tail queue in bytes, rate, delay, reordering and
 * duplication. They never sleep, never read a clock and hold no packets; answers depend on logical
 * arrival times alone, not on when they are asked for. Each model is confined to the thread that
 * feeds it.
 */
@NullMarked
package oasis.link;

import org.jspecify.annotations.NullMarked;
