// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.nio.ByteBuffer;
import oasis.link.ClassQueues;
import oasis.link.ClassStatistics;
import oasis.link.QueueSettings;
import oasis.packet.Burst;
import oasis.packet.Rewrite;
import oasis.packet.StoredBurst;

/**
 * One direction of the queues, and the memory in which packets wait. A burst that would keep the
 * link busy for too long is cut into pieces of some segments, so that a packet of a higher class
 * goes between them. Confined to the data loop; no call for a packet allocates.
 */
final class QueueLane {
  private final ClassQueues queues;
  private final ByteBuffer memory;
  private final long address;

  // Of each slot: whose packet it is.
  private final int[] client;
  private final int[] generation;

  /** Slots whose packets the ports have, until they are flushed. */
  private final int[] handedOut;

  private int handedOutCount;

  /**
   * An empty lane.
   *
   * @param memory of {@link QueueSettings#memoryBytes}
   * @param address native address of its index 0, or 0 in tests
   */
  QueueLane(QueueSettings settings, int clients, ByteBuffer memory, long address, long nowNs) {
    queues = new ClassQueues(settings, clients, nowNs);
    this.memory = memory;
    this.address = address;
    client = new int[queues.slots()];
    generation = new int[queues.slots()];
    handedOut = new int[queues.slots()];
  }

  /** Whether a burst may go at once, past the queues; it has then been counted. */
  boolean passes(Burst b, int c, int ofClient, long nowNs) {
    long bytes = b.ipBytes();
    boolean whole = b.segments() == 1 || bytes <= queues.chunkBytes(c);
    return whole && queues.pass(c, ofClient, b.segments(), bytes, nowNs);
  }

  /**
   * Copies a burst, which then waits.
   *
   * @param itsGeneration tells the client from a later one of its number
   * @return packets of it for which there was no room
   */
  int put(Burst b, int c, int ofClient, int itsGeneration, long nowNs) {
    boolean markable = Rewrite.understandsMarks(b);
    int all = b.segments();
    int each = all;
    if (all > 1) {
      each = Math.max(1, queues.chunkBytes(c) / (b.headerBytes() + b.segmentBytes()));
    }
    int lost = 0;
    for (int first = 0; first < all; first += each) {
      int count = Math.min(each, all - first);
      int bytes = StoredBurst.ipBytes(b, first, count);
      int stored = StoredBurst.bytes(b, first, count);
      int slot = queues.add(c, ofClient, count, bytes, stored, markable, nowNs);
      if (slot < 0) {
        lost += count;
      } else {
        StoredBurst.write(b, first, count, memory, slot * ClassQueues.BLOCK_BYTES);
        client[slot] = ofClient;
        generation[slot] = itsGeneration;
      }
    }
    return lost;
  }

  /**
   * The slot of the packet or burst that goes now, or -1.
   *
   * @param into gets it; valid until {@link #flushed}
   */
  int next(Burst into, long nowNs) {
    int slot = queues.next(nowNs);
    if (slot >= 0) {
      take(slot, into);
      if (queues.marked(slot)) {
        Rewrite.markCongestion(into);
      }
    }
    return slot;
  }

  /** As {@link #next}, whatever the caps are: for one who puts everything elsewhere. */
  int drain(Burst into) {
    int slot = queues.drain();
    if (slot >= 0) {
      take(slot, into);
    }
    return slot;
  }

  private void take(int slot, Burst into) {
    StoredBurst.read(memory, address, slot * ClassQueues.BLOCK_BYTES, into);
    handedOut[handedOutCount++] = slot;
  }

  /** The ports have sent what they were given: its memory is free. */
  void flushed() {
    while (handedOutCount > 0) {
      queues.free(handedOut[--handedOutCount]);
    }
  }

  int client(int slot) {
    return client[slot];
  }

  int generation(int slot) {
    return generation[slot];
  }

  /** When {@link #next} may have something; Long.MAX_VALUE for never. */
  long nextDeadlineNs() {
    return queues.nextDeadlineNs();
  }

  /** Packets that waited too long and were dropped, so far. */
  long latePkts() {
    return queues.latePkts();
  }

  /** What has happened to the packets of a class; allocates. */
  ClassStatistics statistics(int c) {
    return queues.statistics(c);
  }
}
