// SPDX-License-Identifier: Apache-2.0

/**
 * What experiments in network namespaces have in common: how the machine is watched meanwhile, what
 * has to be known to repeat a run, raw data that a broken-off run goes on from, and the programs
 * that make traffic. It knows no particular experiment. Confined to the experiment's thread.
 */
@NullMarked
package oasis.experiments.measure;

import org.jspecify.annotations.NullMarked;
