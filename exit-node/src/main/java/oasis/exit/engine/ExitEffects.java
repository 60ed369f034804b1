// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import oasis.packet.Burst;

/** What the engine asks its surroundings to do. Calls come from inside the engine's handlers. */
public interface ExitEffects {
  /**
   * Sends a burst towards its destination: through the TUN device to the kernel, or by raw sockets.
   * Its memory stays unchanged until the turn's flush.
   *
   * @return 0 when it was taken (or dropped and counted), else the path's MTU in bytes: a packet of
   *     the burst is longer and may not be fragmented; nothing was sent
   */
  int toUnderlay(Burst burst);

  /**
   * Sends a packet that the engine wrote itself towards its destination. It must be sent before the
   * call returns: the next answer is written into the same memory. Rare: such answers are limited.
   */
  void replyToUnderlay(Burst burst);

  /** Sends a burst to a client's endpoint. Its memory stays unchanged until the turn's flush. */
  void toClient(Burst burst, long hi, long lo, int port);

  /** As {@link #replyToUnderlay}, to a client's endpoint. */
  void replyToClient(Burst burst, long hi, long lo, int port);

  /** Sends an empty datagram to a client's endpoint. */
  void keepAlive(long hi, long lo, int port);

  /** A flow ended; {@code flow} is valid during the call only. */
  void flowEnded(FlowRecord flow, EndReason why);

  /** Why a flow ended. */
  enum EndReason {
    /** TCP: both ends have closed, or one has reset. */
    CLOSED,
    /** Idle longer than its state allows. */
    IDLE,
    /** The exit node stops, or has another address from now on. */
    STOPPED
  }
}
