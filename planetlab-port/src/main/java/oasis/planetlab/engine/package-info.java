// SPDX-License-Identifier: Apache-2.0

/**
 * Joins the web port to a client's engine: the requests of programs become connections that the
 * client carries, and names are looked up through it. Packets and time in, packets out: no socket,
 * no clock. Confined to the data loop.
 */
@NullMarked
package oasis.planetlab.engine;

import org.jspecify.annotations.NullMarked;
