// SPDX-License-Identifier: Apache-2.0

/**
 * Wiring of the client: configuration, operating system, control interface and command line. No
 * packet is interpreted here. The data loop owns the engine; the control thread reaches it by
 * commands only.
 */
@NullMarked
package oasis.client.daemon;

import org.jspecify.annotations.NullMarked;
