// SPDX-License-Identifier: Apache-2.0
/**
 * Replaces, restarts and kills an exit node under downloads by real programs, and counts those that
 * fail. Confined to one thread.
 */
@NullMarked
package oasis.experiments.restart;

import org.jspecify.annotations.NullMarked;
