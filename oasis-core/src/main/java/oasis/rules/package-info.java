// SPDX-License-Identifier: Apache-2.0

/**
 * Rule text to rule and back, name and header matchers, and the immutable rule set that decides. It
 * does not talk to the operating system; compiling rules for the kernel belongs to {@code
 * oasis.os}. Rule sets are immutable and may be shared; builders are confined to one thread.
 */
@NullMarked
package oasis.rules;

import org.jspecify.annotations.NullMarked;
