// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.hub;

/**
 * What one direction of a link has done so far, in packets.
 *
 * @param link name of the link
 * @param direction {@code a-to-b} or {@code b-to-a}
 * @param received taken from the sender
 * @param sent given to the receiver, duplicates included
 * @param lost by the model's loss
 * @param queueDrops by the model's queue
 * @param reordered held back by the model
 * @param duplicated sent twice
 * @param oversized longer than the MTU, dropped; offloads must be on at an end
 * @param badStamps without a credible receive stamp; the time of reading was taken instead
 * @param sendErrors refused by the kernel when they were due
 * @param overruns dropped by the kernel before the hub could read them
 */
public record WireReport(
    String link,
    String direction,
    long received,
    long sent,
    long lost,
    long queueDrops,
    long reordered,
    long duplicated,
    long oversized,
    long badStamps,
    long sendErrors,
    long overruns) {
  /** The same one before its first packet. */
  WireReport atStart() {
    return new WireReport(link, direction, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }
}
