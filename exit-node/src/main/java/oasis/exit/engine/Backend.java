// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import oasis.exit.engine.ExitEffects.EndReason;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import org.jspecify.annotations.Nullable;

/**
 * The half of the engine behind its front: it translates between a client's packets and those that
 * the destination sees, and keeps the flows. Bursts are rewritten in place. No call allocates but
 * where it says so. Confined to the data loop.
 */
interface Backend {
  /** What a backend asks and tells the front. */
  interface Front {
    /** Whether a client's packet may begin a flow: null, or why not. */
    @Nullable DropReason mayBegin(Burst b);

    /** A flow of a source began. */
    void began(int source);

    /** A flow ended; {@link Backend#read} still knows it. */
    void ended(int flow, EndReason why);

    /** A packet for a client is longer than the tunnel takes and its sender has to be told. */
    void tooBigForTunnel(Burst b);
  }

  /** Whether packets of IP version 4 or 6 can be carried. */
  boolean carries(int version);

  /** A source exists from now on. */
  default void sourceAdded(int source, boolean v4) {}

  /** A source without flows goes. */
  default void sourceRemoved(int source) {}

  /**
   * Translates a checked burst that a client sent, and begins its flow if it has none.
   *
   * @param source of the inner source address; for an ICMP error, of the address it was sent to
   * @return null when translated, else why it must be dropped; it is then unchanged
   */
  @Nullable DropReason outbound(Burst b, int source, long nowNs);

  /**
   * Translates a checked burst that came for a client.
   *
   * @return the client, or -1: then {@link #lastDrop} says why
   */
  int inbound(Burst b, long nowNs);

  /** Why {@link #inbound} returned -1; null for packets that are none of ours. */
  @Nullable DropReason lastDrop();

  /** Flows of one client, without ended TCP connections. */
  int liveFlows(int client);

  /** Flows held, ended TCP connections included. */
  int flows();

  /** The first flow at or behind {@code from}, or -1. */
  int nextFlow(int from);

  /** Reads what is known of a flow. */
  void read(int flow, FlowRecord into);

  /** Ends flows whose time is up; bounded, so there may be more to do at once. */
  void expire(long nowNs);

  /** When to call {@link #expire} next; Long.MAX_VALUE for never. */
  long nextDeadlineNs();

  /** Ends all flows. */
  void endAll();

  /** Sets the node's address of IP version 4 (high half 0) or 6; another one ends its flows. */
  default void external(boolean v4, long hi, long lo) {}
}
