// SPDX-License-Identifier: Apache-2.0

/**
 * What the client does with a packet: flows, names, fake addresses, choice of carrier. It opens no
 * socket, starts no thread, reads no clock and writes no log: bytes and time go in, effects come
 * out. An engine is confined to the data loop that calls it.
 */
@NullMarked
package oasis.client.engine;

import org.jspecify.annotations.NullMarked;
