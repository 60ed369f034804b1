// SPDX-License-Identifier: Apache-2.0

/**
 * A web proxy port made of packets: it forges the handshake with the program, reads the head of one
 * request, opens the connection to the server that the request names, and from then on only shifts
 * sequence and acknowledgment numbers between the two (paper section 4, "PlanetLab client"). It
 * neither terminates connections nor holds bodies. It reads no clock, opens no socket and draws no
 * random number of its own. Each object is confined to the one thread that owns it.
 */
@NullMarked
package oasis.tcp;

import org.jspecify.annotations.NullMarked;
