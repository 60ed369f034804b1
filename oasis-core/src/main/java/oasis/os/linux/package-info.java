// SPDX-License-Identifier: Apache-2.0

/**
 * The Linux side of {@code oasis.os}: TUN devices, raw sockets, routes, nftables and system calls.
 * It is the only place for JNA, and nothing above {@code oasis.os} names it except at start-up.
 * System calls are thread-safe; objects that own a descriptor are confined to one thread.
 */
@NullMarked
package oasis.os.linux;

import org.jspecify.annotations.NullMarked;
