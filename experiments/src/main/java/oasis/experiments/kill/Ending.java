// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import java.util.List;

/**
 * What was found at the end of a run.
 *
 * @param moved fake addresses that were ever given and do not mean the same names any more
 * @param afterCleanup what {@code oasis cleanup} left of the client's, beside its files
 * @param control whether a packet to a fake address that was sent on purpose, past everything, was
 *     captured, for each family
 * @param wire what passed at the uplink behind the last trial, but for the control
 * @param stubborn whether the program that keeps sending to fake addresses still ran
 */
record Ending(
    List<String> moved,
    List<String> afterCleanup,
    List<Boolean> control,
    Capture wire,
    boolean stubborn) {}
