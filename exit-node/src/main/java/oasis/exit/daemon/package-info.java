// SPDX-License-Identifier: Apache-2.0

/**
 * Wiring of the exit node: configuration, raw sockets, control interface and command line. No
 * packet is interpreted here. The data loop owns the engine; the control thread reaches it by
 * commands only.
 */
@NullMarked
package oasis.exit.daemon;

import org.jspecify.annotations.NullMarked;
