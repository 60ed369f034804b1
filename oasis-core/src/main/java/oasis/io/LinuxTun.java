// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import oasis.os.OsException;
import oasis.packet.Burst;

/** A TUN device of this process: never persistent, so it vanishes with us. */
public final class LinuxTun implements TunPort {
  /**
   * Creates the device in the network namespace of the calling thread, with its MTU set; address,
   * routes and {@code up} are left to the caller.
   *
   * @param name 1 to 15 characters
   * @param mtu 68 to 65,535 bytes
   */
  public static LinuxTun open(String name, int mtu) throws OsException {
    throw new UnsupportedOperationException("being written " + name + mtu);
  }

  /** Name of the device. */
  public String name() {
    return "";
  }

  /** What the kernel offloads to us, for the log: {@code TSO}, {@code TSO, USO} or {@code none}. */
  public String offloads() {
    return "";
  }

  @Override
  public int fd() {
    return -1;
  }

  @Override
  public int mtu() {
    return 0;
  }

  @Override
  public int read(Burst into, int slot) {
    return NOTHING;
  }

  @Override
  public int slots() {
    return 0;
  }

  @Override
  public void write(Burst burst) {}

  @Override
  public PortCounters counters() {
    return new PortCounters();
  }

  @Override
  public void close() {}
}
