// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import oasis.packet.Burst;

/** The packet side of a TUN device. Confined to the data loop. */
public interface TunPort extends ProgramPort, AutoCloseable {
  /** Result of {@link #read}: nothing to read now. */
  int NOTHING = 0;

  /** Result of {@link #read}: the burst holds what was read. */
  int READ = 1;

  /** Result of {@link #read}: something was read that failed its check; it has been counted. */
  int DROPPED = 2;

  /** Result of {@link #read}: somebody deleted the device; nothing will ever be read again. */
  int GONE = -1;

  /** File descriptor to poll for reading. */
  int fd();

  /** Maximum transmission unit in bytes. */
  int mtu();

  /**
   * Reads one packet or offloaded burst into slot {@code slot}. The burst stays valid until the
   * same slot is read into again, so a turn of the loop may hold a whole batch before it flushes.
   *
   * @param slot 0 to {@link #slots()} - 1
   * @return {@link #READ}, {@link #DROPPED}, {@link #NOTHING} or {@link #GONE}
   */
  int read(Burst into, int slot);

  /** Number of independent read slots. */
  int slots();

  @Override
  void close();
}
