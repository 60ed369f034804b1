// SPDX-License-Identifier: Apache-2.0

/**
 * The Linux side of {@code oasis.os}: system calls, polling, commands, nftables and namespaces. It
 * is the only place for JNA; above {@code oasis.os} only the Linux ports of {@code oasis.io} and
 * start-up code name it. System calls are thread-safe; objects that own a descriptor are confined
 * to one thread.
 */
@NullMarked
package oasis.os.linux;

import org.jspecify.annotations.NullMarked;
