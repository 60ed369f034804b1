// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import oasis.os.OsException;
import oasis.packet.Burst;

/** A packet socket on all interfaces that sees what arrives for the reserved ports. */
public final class LinuxCapturePort implements CapturePort {
  /**
   * Opens a socket in the network namespace of the calling thread.
   *
   * @param localIpv4 low halves of the host's own addresses, 1 to 8
   * @param firstPort first destination port (or echo identifier) that it takes
   * @param lastPort last destination port that it takes
   * @param tunIndex interface whose packets it never takes, 0 for none; loopback never counts
   */
  public static LinuxCapturePort open(long[] localIpv4, int firstPort, int lastPort, int tunIndex)
      throws OsException {
    throw new UnsupportedOperationException(
        "being written " + localIpv4.length + firstPort + lastPort + tunIndex);
  }

  /**
   * Replaces the addresses that it takes packets for, when the host's own have changed.
   *
   * @param localIpv4 low halves of the host's own addresses, 1 to 8
   */
  public void retarget(long[] localIpv4) throws OsException {}

  @Override
  public int fd() {
    return -1;
  }

  @Override
  public int slots() {
    return 0;
  }

  @Override
  public int receive() {
    return 0;
  }

  @Override
  public boolean burst(int i, Burst into) {
    return false;
  }

  @Override
  public PortCounters counters() {
    return new PortCounters();
  }

  @Override
  public void close() {}
}
