// SPDX-License-Identifier: Apache-2.0
package oasis.link;

import java.math.BigInteger;

/**
 * One direction of a link in virtual time: loss, then a drop-tail queue in front of a transmitter,
 * then delay, then reordering and duplication. It holds no packets: {@link #admit} says when a
 * packet leaves, from its arrival time alone, so a caller that is late gets the same answers as one
 * that is punctual. Packets leave in the order in which they came, but for those that are
 * reordered, which keep their order among themselves.
 *
 * <p>Times are exact: the moment at which the transmitter becomes free is kept as whole nanoseconds
 * and a remainder in units of 1/rate ns, so nothing drifts. A lost packet takes no capacity, nor
 * does a duplicate.
 *
 * <p>Loss, reordering and duplication of the <i>n</i>-th packet are draws number <i>n</i> of three
 * streams: none depends on times, on lengths, or on whether another is switched on.
 *
 * <p>Confined to one thread; allocates nothing.
 */
public final class LinkModel {
  /** The packet was lost on the way. */
  public static final long DROPPED_LOSS = Long.MIN_VALUE;

  /** The packet found no room in the queue. */
  public static final long DROPPED_QUEUE = Long.MIN_VALUE + 1;

  private static final long NS_BITS_PER_BYTE = 8_000_000_000L;

  /** Added to the direction, these give each kind of draw a stream of its own. */
  private static final int REORDER_STREAM = 2;

  private static final int DUPLICATE_STREAM = 4;

  private final long delayNs;
  private final long bitsPerSecond;
  private final long queueNsBits;
  private final long reorderNs;
  private final long lossLimit;
  private final long reorderLimit;
  private final long duplicateLimit;
  private final long lossKey;
  private final long reorderKey;
  private final long duplicateKey;

  private long packetIndex;
  private long lastArrivalNs = Long.MIN_VALUE;
  private long freeNs = Long.MIN_VALUE;
  private long freeRemainder;
  private boolean reordered;
  private boolean duplicated;

  /**
   * @param settings what the direction does
   * @param seed of the whole run
   * @param link identity of the link within the run
   * @param direction 0 or 1
   */
  public LinkModel(LinkSettings settings, long seed, long link, int direction) {
    delayNs = settings.delayNs();
    bitsPerSecond = settings.bitsPerSecond();
    queueNsBits = settings.queueBytes() * NS_BITS_PER_BYTE;
    reorderNs = settings.reorderNs();
    lossLimit = limit(settings.lossPpb());
    reorderLimit = limit(settings.reorderPpb());
    duplicateLimit = limit(settings.duplicatePpb());
    lossKey = CounterRandom.key(seed, link, direction);
    reorderKey = CounterRandom.key(seed, link, REORDER_STREAM + direction);
    duplicateKey = CounterRandom.key(seed, link, DUPLICATE_STREAM + direction);
  }

  /** A 63-bit draw up to this value means that it happens; -1 = never. */
  private static long limit(long ppb) {
    return BigInteger.valueOf(ppb)
        .shiftLeft(63)
        .divide(BigInteger.valueOf(LinkSettings.ALL_PPB))
        .subtract(BigInteger.ONE)
        .longValueExact();
  }

  /**
   * Takes one packet.
   *
   * @param arrivalNs when it arrived, on any clock that never goes back; an earlier time than that
   *     of the packet before counts as that one's
   * @param bytes its length on the link, at least 1
   * @return when its last bit reaches the far end, on the same clock, never before the packet
   *     admitted before it unless one of the two is {@link #reordered}; or {@link #DROPPED_LOSS} or
   *     {@link #DROPPED_QUEUE}
   */
  public long admit(long arrivalNs, int bytes) {
    long arrival = Math.max(arrivalNs, lastArrivalNs);
    lastArrivalNs = arrival;
    long index = packetIndex++;
    reordered = false;
    duplicated = false;
    if (happens(lossLimit, lossKey, index)) {
      return DROPPED_LOSS;
    }
    long due = bitsPerSecond == 0 ? arrival + delayNs : transmit(arrival, bytes);
    if (due == DROPPED_QUEUE) {
      return due;
    }
    reordered = happens(reorderLimit, reorderKey, index);
    duplicated = happens(duplicateLimit, duplicateKey, index);
    return reordered ? due + reorderNs : due;
  }

  private static boolean happens(long limit, long key, long index) {
    return limit >= 0 && (CounterRandom.draw(key, index) >>> 1) <= limit;
  }

  /** Whether the packet admitted last is held back, so that later ones overtake it. */
  public boolean reordered() {
    return reordered;
  }

  /** Whether the packet admitted last arrives a second time, at the same moment. */
  public boolean duplicated() {
    return duplicated;
  }

  private long transmit(long arrival, int bytes) {
    long size = bytes * NS_BITS_PER_BYTE;
    boolean idle = arrival > freeNs;
    long backlog = idle ? 0 : (freeNs - arrival) * bitsPerSecond + freeRemainder;
    if (backlog + size > queueNsBits) {
      return DROPPED_QUEUE;
    }
    long work = size + (idle ? 0 : freeRemainder);
    freeNs = (idle ? arrival : freeNs) + work / bitsPerSecond;
    freeRemainder = work % bitsPerSecond;
    return freeNs + (freeRemainder > 0 ? 1 : 0) + delayNs;
  }
}
