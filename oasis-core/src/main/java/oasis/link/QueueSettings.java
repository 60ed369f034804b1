// SPDX-License-Identifier: Apache-2.0
package oasis.link;

import java.util.List;

/**
 * One direction of {@link ClassQueues}. Immutable.
 *
 * @param bitsPerSecond what all classes together may take at most, 0 = no cap
 * @param classes 1 to {@link #MAX_CLASSES}
 */
public record QueueSettings(long bitsPerSecond, List<ClassSettings> classes) {
  /** Most classes. */
  public static final int MAX_CLASSES = 16;

  /**
   * How long one burst may keep the link busy: what a packet of a higher class waits for when it
   * comes just behind one of a lower class. Longer bursts are split.
   */
  static final long QUANTUM_NS = 1_000_000L;

  private static final long NS_BITS_PER_BYTE = 8_000_000_000L;

  /** What one client alone may queue, as time at the rate of its class. */
  private static final long QUEUE_NS = 200_000_000L;

  private static final long MIN_MEMORY_BYTES = 1 << 19;
  private static final long MAX_MEMORY_BYTES = 1 << 22;

  /** Of all classes together. */
  private static final long ALL_MEMORY_BYTES = 1 << 23;

  /** Clients of a class whose only cap is one for each client are taken to be so many at a time. */
  private static final int USUAL_CLIENTS = 16;

  /** Refuses a number of classes outside its range. */
  public QueueSettings {
    classes = List.copyOf(classes);
    if (classes.isEmpty() || classes.size() > MAX_CLASSES) {
      throw new IllegalArgumentException("there must be 1 to " + MAX_CLASSES + " classes");
    }
    if (bitsPerSecond < 0 || bitsPerSecond > LinkSettings.MAX_BITS_PER_SECOND) {
      throw new IllegalArgumentException("bitsPerSecond is out of range: " + bitsPerSecond);
    }
  }

  /** Whether anything can ever have to wait. */
  public boolean capped() {
    return bitsPerSecond > 0
        || classes.stream().anyMatch(c -> c.bitsPerSecond() > 0 || c.clientBitsPerSecond() > 0);
  }

  /**
   * Most bytes that packets of a class should take as one; a longer burst is to be split. A single
   * packet may be longer.
   */
  int chunkBytes(int index) {
    ClassSettings one = classes.get(index);
    long rate = lowest(lowest(bitsPerSecond, one.bitsPerSecond()), one.clientBitsPerSecond());
    return rate == 0
        ? Integer.MAX_VALUE
        : (int) Math.min(Integer.MAX_VALUE, rate / 8 * QUANTUM_NS / 1_000_000_000L);
  }

  /** Bytes of the memory in which packets wait, that of {@link ClassQueues}. */
  public int memoryBytes() {
    int runs = 0;
    for (int c = 0; c < classes.size(); c++) {
      runs += runs(c);
    }
    return runs * ClassQueues.MAX_BYTES;
  }

  /** The memory of a class, in units of {@link ClassQueues#MAX_BYTES}. */
  int runs(int index) {
    return (int) ((memoryBytes(index) + ClassQueues.MAX_BYTES - 1) / ClassQueues.MAX_BYTES);
  }

  /** Memory for what waits in a class: twice what one client may queue. */
  private long memoryBytes(int index) {
    ClassSettings one = classes.get(index);
    long rate = lowest(bitsPerSecond, one.bitsPerSecond());
    if (rate == 0) {
      rate = one.clientBitsPerSecond() * USUAL_CLIENTS;
    }
    long wanted = (long) (2.0 * rate * QUEUE_NS / NS_BITS_PER_BYTE);
    long most = Math.min(MAX_MEMORY_BYTES, ALL_MEMORY_BYTES / classes.size());
    return rate == 0 ? 0 : Math.max(MIN_MEMORY_BYTES, Math.min(most, wanted));
  }

  /** The lower of two caps, of which 0 is none. */
  private static long lowest(long a, long b) {
    return a == 0 || b == 0 ? a + b : Math.min(a, b);
  }
}
