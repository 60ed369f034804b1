// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import oasis.os.OsException;
import oasis.packet.Burst;

/** A raw IPv4 socket that sends packets with our own headers. */
public final class LinuxRawPort implements RawPort {
  /**
   * Opens a socket in the network namespace of the calling thread.
   *
   * @param mark firewall mark of what it sends (SO_MARK), 0 for none
   */
  public static LinuxRawPort open(int mark) throws OsException {
    throw new UnsupportedOperationException("being written " + mark);
  }

  @Override
  public void add(Burst burst) {}

  @Override
  public void flush() {}

  @Override
  public PortCounters counters() {
    return new PortCounters();
  }

  @Override
  public void close() {}
}
