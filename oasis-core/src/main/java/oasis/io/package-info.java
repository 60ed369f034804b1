// SPDX-License-Identifier: Apache-2.0

/**
 * Packet slots, TUN, UDP and raw ports, event loops and counters. It knows neither overlays nor
 * NAT, and makes no system call that {@code oasis.os} does not offer. Everything here is confined
 * to its event loop; other threads enqueue commands.
 */
@NullMarked
package oasis.io;

import org.jspecify.annotations.NullMarked;
