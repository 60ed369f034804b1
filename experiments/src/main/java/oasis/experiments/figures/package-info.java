// SPDX-License-Identifier: Apache-2.0

/**
 * The figures of the paper's evaluation: what the client adds to packets and transfers, and what it
 * costs. Hosts without Oasis, with every packet mediated and with an overlay stand side by side in
 * one emulation and are measured in turn. Confined to the experiment's thread.
 */
@NullMarked
package oasis.experiments.figures;

import org.jspecify.annotations.NullMarked;
