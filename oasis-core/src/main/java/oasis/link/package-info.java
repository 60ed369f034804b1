// SPDX-License-Identifier: Apache-2.0

/**
 * Link models and queues in virtual time: delay, jitter, loss, reordering, rate, and the priority
 * scheduler. It never sleeps and never reads a clock; {@code poll(now)} replays every event up to
 * now. Each link is confined to the thread that polls it.
 */
@NullMarked
package oasis.link;

import org.jspecify.annotations.NullMarked;
