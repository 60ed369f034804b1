// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import oasis.packet.Burst;
import oasis.packet.DropReason;
import org.jspecify.annotations.Nullable;

/**
 * Has a say when a {@link NatEngine} begins a session, and is told of its beginning and end. Called
 * from inside the engine's methods, which it must not call but for {@link NatEngine#read}.
 */
public interface NatObserver {
  /** Lets every session begin and forgets it. */
  NatObserver NONE = new NatObserver() {};

  /** Why a session ended. */
  enum End {
    /** TCP: both ends had closed, or one had reset. */
    CLOSED,
    /** Idle for as long as its state allows. */
    IDLE,
    /** Another client had more right to the room that a pending session took. */
    YIELDED,
    /** Its client left, the external address changed, or everything was ended. */
    REMOVED
  }

  /**
   * Whether a client's packet may begin a session, or begin a closed connection again.
   *
   * @param b as the client sent it
   * @return null, or why the packet must be dropped
   */
  default @Nullable DropReason mayBegin(Burst b, int client) {
    return null;
  }

  /**
   * Whether a stranger whom filtering lets in may begin a session; not asked of packets that turn
   * back from a client, of which {@link #mayBegin} was.
   *
   * @return null, or why the packet must be dropped
   */
  default @Nullable DropReason mayBeginInbound(
      int protocol, long remoteHi, long remoteLo, int remotePort) {
    return null;
  }

  /**
   * A fragment that waited for the first one of its datagram is given up.
   *
   * @param client who sent it, or -1 when it came from outside
   */
  default void fragmentLost(int client) {}

  /** A session begins; its slot stays the same until it ends. */
  default void began(int session) {}

  /** A session ends: it can be read during this call for the last time. */
  default void ended(int session, End why) {}
}
