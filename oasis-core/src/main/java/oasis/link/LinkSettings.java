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
 */
public record LinkSettings(long delayNs, long bitsPerSecond, long lossPpb, long queueBytes) {
  /** Largest delay. */
  public static final long MAX_DELAY_NS = 60_000_000_000L;

  /** Largest rate. */
  public static final long MAX_BITS_PER_SECOND = 1_000_000_000_000L;

  /** A certain loss. */
  public static final long ALL_PPB = 1_000_000_000L;

  /** Largest queue; keeps the exact arithmetic of {@link LinkModel} within 63 bits. */
  public static final long MAX_QUEUE_BYTES = 1L << 30;

  /** Neither delay nor loss nor rate. */
  public static final LinkSettings UNSHAPED = new LinkSettings(0, 0, 0, MAX_QUEUE_BYTES);

  private static final long MIN_DEFAULT_QUEUE_BYTES = 32_768;

  public LinkSettings {
    require("delayNs", delayNs, 0, MAX_DELAY_NS);
    require("bitsPerSecond", bitsPerSecond, 0, MAX_BITS_PER_SECOND);
    require("lossPpb", lossPpb, 0, ALL_PPB);
    require("queueBytes", queueBytes, 1, MAX_QUEUE_BYTES);
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
    return new LinkSettings(delayNs, 0, 0, MAX_QUEUE_BYTES);
  }

  /** These settings with a rate and its default queue. */
  public LinkSettings withRate(long newBitsPerSecond) {
    return new LinkSettings(
        delayNs, newBitsPerSecond, lossPpb, defaultQueueBytes(newBitsPerSecond));
  }

  /** These settings with another loss. */
  public LinkSettings withLossPpb(long newLossPpb) {
    return new LinkSettings(delayNs, bitsPerSecond, newLossPpb, queueBytes);
  }

  /** These settings with another queue. */
  public LinkSettings withQueueBytes(long newQueueBytes) {
    return new LinkSettings(delayNs, bitsPerSecond, lossPpb, newQueueBytes);
  }
}
