// SPDX-License-Identifier: Apache-2.0

/**
 * The failover experiment: what programs notice when the entry node of their overlay dies. Classes
 * are confined to one thread unless they say otherwise.
 */
@NullMarked
package oasis.experiments.failover;

import org.jspecify.annotations.NullMarked;
