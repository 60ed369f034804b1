// SPDX-License-Identifier: Apache-2.0

/**
 * {@code oasis experiment run flows}: what the client's flow map takes and costs with up to a
 * million flows, without packets of the kernel. It holds no benchmark itself: those are in {@code
 * jmh}. Confined to the experiment's thread.
 */
@NullMarked
package oasis.experiments.flows;

import org.jspecify.annotations.NullMarked;
