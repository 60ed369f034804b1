// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import oasis.packet.Burst;

/**
 * Sends IP packets with the addresses they have, by the routes of the host. Confined to the data
 * loop. What was added must stay unchanged until the flush.
 */
public interface RawPort extends AutoCloseable {
  /**
   * Queues a burst, which leaves as single packets; flushes by itself when the queue is full.
   *
   * @return 0 when it was queued (or dropped and counted), else the path's MTU in bytes: a packet
   *     of the burst is longer and may not be fragmented; nothing was sent, and its sender should
   *     be told
   */
  int add(Burst burst);

  /**
   * MTU of the path to a destination, in bytes, for the segment size of a connection that begins.
   *
   * @return 0 when it is not known
   */
  default int mtu(long hi, long lo) {
    return 0;
  }

  /** Sends what is queued. Refused or overflowing packets are counted and dropped. */
  void flush();

  /** What went out and what was dropped. */
  PortCounters counters();

  @Override
  void close();
}
