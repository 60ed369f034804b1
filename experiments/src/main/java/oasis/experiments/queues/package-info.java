// SPDX-License-Identifier: Apache-2.0

/**
 * The queues experiment: what classes of traffic, and clients of one class, get of a link that is
 * too small for them, beside a single queue. Classes are confined to one thread unless they say
 * otherwise.
 */
@NullMarked
package oasis.experiments.queues;

import org.jspecify.annotations.NullMarked;
