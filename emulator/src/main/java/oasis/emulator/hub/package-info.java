// SPDX-License-Identifier: Apache-2.0

/**
 * Links in user space: packet sockets on both ends, a link model for each direction, and one thread
 * that moves the packets when they are due. It makes no devices and knows no topology. All but
 * {@link oasis.emulator.hub.Hub}'s own methods is confined to the hub's thread.
 */
@NullMarked
package oasis.emulator.hub;

import org.jspecify.annotations.NullMarked;
