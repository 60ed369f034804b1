// SPDX-License-Identifier: Apache-2.0
/**
 * What the client does to traffic that no rule matches: hosts without a client and one whose client
 * has thousands of rules, side by side.
 */
@NullMarked
package oasis.experiments.unmatched;

import org.jspecify.annotations.NullMarked;
