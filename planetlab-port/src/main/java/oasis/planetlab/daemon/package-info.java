// SPDX-License-Identifier: Apache-2.0

/**
 * The port as a process: sockets, command line, and the client that it builds on. It changes
 * nothing in the operating system. The data loop owns what carries packets, see {@link
 * oasis.io.DataLoop}.
 */
@NullMarked
package oasis.planetlab.daemon;

import org.jspecify.annotations.NullMarked;
