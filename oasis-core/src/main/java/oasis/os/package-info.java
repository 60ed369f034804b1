// SPDX-License-Identifier: Apache-2.0

/**
 * What the operating system does for us, behind small interfaces that each ship a fake. It holds no
 * policy: callers give a desired state, which {@code apply} makes so and {@code close} undoes.
 * Set-up calls come from the thread that starts the process, burst calls from the data loop only.
 */
@NullMarked
package oasis.os;

import org.jspecify.annotations.NullMarked;
