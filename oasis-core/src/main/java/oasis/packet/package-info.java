// SPDX-License-Identifier: Apache-2.0

/**
 * Views of IPv4, IPv6, TCP, UDP, ICMP and DNS over a byte buffer and an offset, with checksums,
 * segmentation and drop reasons. It keeps no state between packets, does no input or output, and
 * depends on the JDK only. Views are confined to the thread that owns the buffer; all else is
 * immutable or a pure function.
 */
@NullMarked
package oasis.packet;

import org.jspecify.annotations.NullMarked;
