// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import oasis.packet.Burst;

/**
 * Takes packets to the programs of this host: a TUN device, or what stands in for one. Confined to
 * the data loop.
 */
public interface ProgramPort {
  /** True when bursts of UDP datagrams are taken whole (USO), so that merging them pays. */
  boolean udpBursts();

  /**
   * Writes a burst: a burst of many with an offload header in one call where the device has
   * offload, else packet by packet. Counted and dropped when it is refused.
   */
  void write(Burst burst);

  /** Sends what {@link #write} has kept; a device that writes at once keeps nothing. */
  default void flush() {}

  /** What went in and out and what was dropped. */
  PortCounters counters();
}
