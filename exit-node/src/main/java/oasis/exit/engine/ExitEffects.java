// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import oasis.packet.Burst;

/** What the engine asks its surroundings to do. Calls come from inside the engine's handlers. */
public interface ExitEffects {
  /**
   * Sends a burst towards its destination: through the TUN device to the kernel, or by raw sockets.
   * Its memory stays unchanged until the turn's flush.
   *
   * @param client who sent it: {@link EngineView#keyId}, {@link EngineView#isPeer}
   * @return 0 when it was taken (or dropped and counted), else the path's MTU in bytes: a packet of
   *     the burst is longer and may not be fragmented; nothing was sent
   */
  int toUnderlay(Burst burst, int client);

  /**
   * What {@link #toUnderlay} would return for a burst now: asked before it is left to wait, when
   * its sender can still be told.
   */
  int pathMtu(Burst burst);

  /**
   * Sends a packet that the engine wrote itself towards its destination. It must be sent before the
   * call returns: the next answer is written into the same memory. Rare: such answers are limited.
   */
  void replyToUnderlay(Burst burst);

  /**
   * Sends a burst to the endpoint of a client or a peer. Its memory stays unchanged until the
   * turn's flush.
   *
   * @param client whom it is for
   * @param keyId number of the key that seals it ({@link Keyring#sealer}), 0 for none
   */
  void toClient(Burst burst, int client, int keyId, long hi, long lo, int port);

  /** As {@link #replyToUnderlay}, to an endpoint that may be no client's yet. */
  void replyToClient(Burst burst, int keyId, long hi, long lo, int port);

  /** Sends a datagram without a packet to a client's endpoint. */
  void keepAlive(int keyId, long hi, long lo, int port);

  /** A flow began; {@code flow} is valid during the call only. */
  default void flowBegan(FlowRecord flow) {}

  /** A flow ended; {@code flow} is valid during the call only. */
  void flowEnded(FlowRecord flow, EndReason why);

  /** Why a flow ended. */
  enum EndReason {
    /** TCP: both ends have closed, or one has reset. */
    CLOSED,
    /** Idle longer than its state allows. */
    IDLE,
    /** There was no room, and it was the oldest pending flow of the client with most of them. */
    YIELDED,
    /** The exit node stops, or has another address from now on. */
    STOPPED
  }
}
