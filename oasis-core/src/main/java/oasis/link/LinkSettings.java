// SPDX-License-Identifier: Apache-2.0
package oasis.link;

/**
 * What one direction of a link does to packets. Immutable.
 *
 * @param delayNs propagation delay, 0 to 60 s
 * @param bitsPerSecond transmission rate, 1 to 10<sup>12</sup>, or 0 = unlimited
 * @param lossPpb probability that a packet is lost, in parts per 10<sup>9</sup>, 0 to
 *     10<sup>9</sup>
 * @param queueBytes bytes that may wait for the transmitter (the packet being sent counts with what
 *     is left of it), 1 to 2<sup>30</sup>; of no effect without a rate
 * @param reorderPpb probability that a packet which is not lost arrives {@code reorderNs} later
 *     than it would have, so that the packets behind it overtake it
 * @param reorderNs how much later, 1 to 60 s; 0 when no packet is reordered
 * @param duplicatePpb probability that a packet which is not lost arrives twice, one right after
 *     the other; the second takes no capacity
 */
public record LinkSettings(
    long delayNs,
    long bitsPerSecond,
    long lossPpb,
    long queueBytes,
    long reorderPpb,
    long reorderNs,
    long duplicatePpb) {
  /** Largest delay. */
  public static final long MAX_DELAY_NS = 60_000_000_000L;

  /** Largest rate. */
  public static final long MAX_BITS_PER_SECOND = 1_000_000_000_000L;

  /** A certain loss, reordering or duplication. */
  public static final long ALL_PPB = 1_000_000_000L;

  /** Largest queue; keeps the exact arithmetic of {@link LinkModel} within 63 bits. */
  public static final long MAX_QUEUE_BYTES = 1L << 30;

  /** Does nothing to packets. */
  public static final LinkSettings UNSHAPED = new LinkSettings(0, 0, 0, MAX_QUEUE_BYTES, 0, 0, 0);

  private static final long MIN_DEFAULT_QUEUE_BYTES = 32_768;

  /** Refuses a value outside its range by its name. */
  public LinkSettings {
    require("delayNs", delayNs, 0, MAX_DELAY_NS);
    require("bitsPerSecond", bitsPerSecond, 0, MAX_BITS_PER_SECOND);
    require("lossPpb", lossPpb, 0, ALL_PPB);
    require("queueBytes", queueBytes, 1, MAX_QUEUE_BYTES);
    require("reorderPpb", reorderPpb, 0, ALL_PPB);
    require("reorderNs", reorderNs, reorderPpb > 0 ? 1 : 0, reorderPpb > 0 ? MAX_DELAY_NS : 0);
    require("duplicatePpb", duplicatePpb, 0, ALL_PPB);
  }

  private static void require(String name, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + " must be " + least + " to " + most + ", not " + value);
    }
  }

  /**
   * The queue of a link whose user named none: 100 ms at its rate, at least 32 KiB, so that one
   * loss-based TCP connection fills the link.
   */
  public static long defaultQueueBytes(long bitsPerSecond) {
    long tenthOfSecond = bitsPerSecond / 80;
    return Math.min(MAX_QUEUE_BYTES, Math.max(MIN_DEFAULT_QUEUE_BYTES, tenthOfSecond));
  }

  /** A pure delay. */
  public static LinkSettings delay(long delayNs) {
    return new LinkSettings(delayNs, 0, 0, MAX_QUEUE_BYTES, 0, 0, 0);
  }

  /** These settings with a rate and its default queue. */
  public LinkSettings withRate(long newBitsPerSecond) {
    long queue = defaultQueueBytes(newBitsPerSecond);
    return new LinkSettings(
        delayNs, newBitsPerSecond, lossPpb, queue, reorderPpb, reorderNs, duplicatePpb);
  }

  /** These settings with another loss. */
  public LinkSettings withLossPpb(long newLossPpb) {
    return new LinkSettings(
        delayNs, bitsPerSecond, newLossPpb, queueBytes, reorderPpb, reorderNs, duplicatePpb);
  }

  /** These settings with another queue. */
  public LinkSettings withQueueBytes(long newQueueBytes) {
    return new LinkSettings(
        delayNs, bitsPerSecond, lossPpb, newQueueBytes, reorderPpb, reorderNs, duplicatePpb);
  }

  /**
   * These settings with another reordering.
   *
   * @param newReorderPpb its probability
   * @param newReorderNs how much later such a packet arrives
   */
  public LinkSettings withReorder(long newReorderPpb, long newReorderNs) {
    return new LinkSettings(
        delayNs, bitsPerSecond, lossPpb, queueBytes, newReorderPpb, newReorderNs, duplicatePpb);
  }

  /** These settings with another duplication. */
  public LinkSettings withDuplicatePpb(long newDuplicatePpb) {
    return new LinkSettings(
        delayNs, bitsPerSecond, lossPpb, queueBytes, reorderPpb, reorderNs, newDuplicatePpb);
  }
}
