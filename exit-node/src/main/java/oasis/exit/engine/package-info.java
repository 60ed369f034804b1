// SPDX-License-Identifier: Apache-2.0

/**
 * What the exit node does with a packet: address translation, queues and replies. It opens no
 * socket, starts no thread, reads no clock and writes no log: bytes and time go in, effects come
 * out. An engine is confined to the data loop that calls it.
 */
@NullMarked
package oasis.exit.engine;

import org.jspecify.annotations.NullMarked;
