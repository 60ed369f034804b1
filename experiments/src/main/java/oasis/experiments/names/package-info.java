// SPDX-License-Identifier: Apache-2.0

/**
 * {@code oasis experiment run dns}: what a look-up costs by the number of name rules, end to end
 * beside hosts without Oasis, under load, and in the matcher alone. Confined to the experiment's
 * thread.
 */
@NullMarked
package oasis.experiments.names;

import org.jspecify.annotations.NullMarked;
