// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.List;
import java.util.function.IntUnaryOperator;
import oasis.exit.engine.ExitEffects.EndReason;
import oasis.flow.StateException;
import oasis.flow.StateReader;
import oasis.flow.StateWriter;
import oasis.packet.Address;
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

    /** Whether a stranger's packet to a client may begin a flow: null, or why not. */
    @Nullable DropReason mayBeginInbound(
        int protocol, long remoteHi, long remoteLo, int remotePort);

    /** A flow began; {@link Backend#read} knows it. */
    void began(int flow);

    /** A flow ended; {@link Backend#read} still knows it. */
    void ended(int flow, EndReason why);

    /**
     * A fragment that waited for the first of its datagram is given up.
     *
     * @param client who sent it, or -1 when it came from outside
     */
    void fragmentLost(int client);

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
   * @return null when translated, else why it must be dropped; it is then unchanged; {@link
   *     DropReason#HELD} for a fragment of which a copy waits
   */
  @Nullable DropReason outbound(Burst b, int source, long nowNs);

  /** Whether a client's packet leads back to a client, by an address of the node's own. */
  default boolean hairpins(Burst b) {
    return false;
  }

  /** The client that the packet translated last leads back to; -1 when it goes to the network. */
  default int hairpin() {
    return -1;
  }

  /**
   * The next fragment that waited for the one translated last and goes the same way, or null. It
   * must be sent before the next call.
   */
  default @Nullable Burst released(long nowNs) {
    return null;
  }

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

  /** Sets the node's addresses; flows on others end. */
  default void external(List<Address> addresses) {}

  /** Writes all flows and what goes with them. */
  void write(StateWriter out);

  /**
   * Lets written flows go on, each of which holds its source; the front is told nothing.
   *
   * @param newClients the number here of a client with another number there; -1 for none
   * @param newSources likewise of a source
   */
  void restore(StateReader in, IntUnaryOperator newClients, IntUnaryOperator newSources)
      throws StateException;
}
