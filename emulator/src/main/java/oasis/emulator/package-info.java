// SPDX-License-Identifier: Apache-2.0

/**
 * Topologies of network namespaces with emulated links, and the demo that runs in one. It holds no
 * client or exit logic: it starts the real ones. Set-up runs on the main thread, each link on the
 * loop that owns it.
 */
@NullMarked
package oasis.emulator;

import org.jspecify.annotations.NullMarked;
