// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.nio.ByteBuffer;

/**
 * Bytes of a stream in order, contiguous, in memory that grows and is given back when it empties.
 * Confined to the data loop.
 */
final class ByteQueue {
  /** What all queues together may still take, in bytes. */
  static final class Budget {
    private long left;

    Budget(long bytes) {
      left = bytes;
    }

    long left() {
      return left;
    }
  }

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
  private static final int LEAST = 1_024;

  private final Budget budget;
  private ByteBuffer memory = NOTHING;
  private int start;
  private int size;

  ByteQueue(Budget budget) {
    this.budget = budget;
  }

  /** Bytes in the queue. */
  int size() {
    return size;
  }

  /** Holds the bytes from {@link #start} on, until the next call that changes the queue. */
  ByteBuffer memory() {
    return memory;
  }

  /** Index of the first byte. */
  int start() {
    return start;
  }

  /** Appends bytes; false, and nothing done, when the budget is used up. */
  boolean add(ByteBuffer from, int at, int bytes) {
    if (start + size + bytes > memory.capacity() && !makeRoom(bytes)) {
      return false;
    }
    memory.put(start + size, from, at, bytes);
    size += bytes;
    return true;
  }

  private boolean makeRoom(int bytes) {
    if (size + bytes <= memory.capacity() / 2) {
      memory.put(0, memory, start, size);
      start = 0;
      return true;
    }
    int capacity = Math.max(LEAST, Integer.highestOneBit(size + bytes) << 1);
    if (capacity - memory.capacity() > budget.left) {
      return false;
    }
    budget.left -= capacity - memory.capacity();
    ByteBuffer fresh = ByteBuffer.allocate(capacity);
    fresh.put(0, memory, start, size);
    memory = fresh;
    start = 0;
    return true;
  }

  /** Takes bytes away from the front. */
  void drop(int bytes) {
    start += bytes;
    size -= bytes;
    if (size == 0) {
      clear();
    }
  }

  /** Empties the queue and gives its memory back. */
  void clear() {
    budget.left += memory.capacity();
    memory = NOTHING;
    start = 0;
    size = 0;
  }
}
