// SPDX-License-Identifier: Apache-2.0
/**
 * Kills the client at named points and at random instants, lets it hang, and looks by real probes
 * whether its host still has a network. Not a test of what the client carries. Confined to one
 * thread but for the probes.
 */
@NullMarked
package oasis.experiments.kill;

import org.jspecify.annotations.NullMarked;
