// SPDX-License-Identifier: Apache-2.0
/**
 * Real programs use the PlanetLab port over good and bad paths, beside another proxy and under
 * attack; what they get, what it costs and what the kernel says meanwhile is counted. Confined to
 * one thread but for the servers' own.
 */
@NullMarked
package oasis.experiments.planetlab;

import org.jspecify.annotations.NullMarked;
