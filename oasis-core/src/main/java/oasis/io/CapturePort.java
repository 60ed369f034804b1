// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import oasis.packet.Burst;

/**
 * Reads copies of the IP packets that reach this host and match the port's filter. Confined to the
 * data loop.
 */
public interface CapturePort extends AutoCloseable {
  /** File descriptor to poll for reading. */
  int fd();

  /** Most packets one {@link #receive} returns. */
  int slots();

  /**
   * Receives without waiting. What it returned before is no longer valid.
   *
   * @return number of packets or bursts, 0 for none, or -errno
   */
  int receive();

  /**
   * Fills a burst from what was received; valid until the next {@link #receive}.
   *
   * @param i 0 to the number received - 1
   * @return false when the packet failed its check; it has been counted
   */
  boolean burst(int i, Burst into);

  /** What came in and what was dropped. */
  PortCounters counters();

  @Override
  void close();
}
