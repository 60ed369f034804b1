// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import oasis.packet.Burst;

/**
 * What a {@link WebPort} asks its surroundings to do. None of these may call the engine back before
 * it returns, but {@link #resolve} may answer at once. A burst may be kept by reference until
 * {@link #flush}, no longer.
 */
public interface PortEffects {
  /** Sends a packet or burst to the program. */
  void toProgram(Burst burst);

  /** Sends a packet or burst to the server, by whatever carries it. */
  void toServer(Burst burst);

  /**
   * Asks for the addresses of a host; {@link WebPort#onResolved} or {@link WebPort#onUnresolved}
   * answers, now or later.
   *
   * @param connection names the connection in the answer
   * @param host lower-case name without the last dot, or the text of an address
   * @param port the server's port
   */
  void resolve(long connection, String host, int port);

  /** Sends what has been kept by reference: the memory of the bursts is used again. */
  void flush();
}
