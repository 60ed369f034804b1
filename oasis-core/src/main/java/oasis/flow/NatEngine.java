// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import oasis.packet.Burst;
import oasis.packet.DropReason;
import org.jspecify.annotations.Nullable;

/**
 * Network address translation for many clients behind one external address per family: TCP (RFC
 * 5382, RFC 7857), UDP (RFC 4787) and ICMP echo (RFC 5508).
 *
 * <ul>
 *   <li>Mapping is endpoint-independent: (client, protocol, inner address and port) has one
 *       external port, drawn at random from the range of {@link NatLimits}, never the program's
 *       own; for UDP its parity is kept while ports last.
 *   <li>Filtering is address-and-port-dependent: a packet from outside must belong to a session,
 *       which only a packet from inside begins; for TCP only a bare SYN.
 *   <li>ICMP errors about a session's packets are translated by the packet they quote, both ways,
 *       and rate-limited; they never end a session.
 *   <li>A closed or reset TCP connection keeps its port for four minutes, but gives it up earlier,
 *       oldest first, when ports or sessions run out.
 * </ul>
 *
 * <p>Not done here: hairpinning between clients (a packet to the external address itself is
 * refused), and fragments (all are dropped as {@link DropReason#FRAGMENT}: later ones have no
 * ports, and the first alone is of no use). Which destinations are open to clients is the caller's
 * decision.
 *
 * <p>Time is an argument and must not go back. No allocation per packet; tables grow by doubling up
 * to their limits. Confined to one thread.
 */
public final class NatEngine {
  /**
   * An engine without external addresses.
   *
   * @param seed secret of hashes and port choice
   */
  public NatEngine(NatLimits limits, long seed) {
    throw new UnsupportedOperationException("being written");
  }

  /**
   * Sets the external IPv4 address; another address than before ends all IPv4 sessions.
   *
   * @param lo lower half, IPv4-mapped, or 0 for none: outbound packets get {@link
   *     DropReason#NAT_FULL}
   */
  public void setExternal4(long lo) {
    throw new UnsupportedOperationException("being written");
  }

  /** Sets the external IPv6 address, 0 and 0 for none, as {@link #setExternal4} does. */
  public void setExternal6(long hi, long lo) {
    throw new UnsupportedOperationException("being written");
  }

  /**
   * Translates a checked burst from a client: its source becomes the external address and port.
   *
   * @param client client number, below {@link NatLimits#clients()}
   * @return null when translated in place, else why the packet must be dropped (unchanged)
   */
  public @Nullable DropReason outbound(Burst b, int client, long nowNs) {
    throw new UnsupportedOperationException("being written");
  }

  /**
   * Translates a checked burst from outside: its destination becomes the client's address and port.
   *
   * @return the client number, or -1: then the burst is unchanged and {@link #lastDrop} says why
   */
  public int inbound(Burst b, long nowNs) {
    throw new UnsupportedOperationException("being written");
  }

  /**
   * Why the last {@link #inbound} returned -1; null when the packet is none of ours, that is, not
   * to an external address and port in use here, so that it may be the host's own.
   */
  public @Nullable DropReason lastDrop() {
    throw new UnsupportedOperationException("being written");
  }

  /**
   * Ends sessions whose time is up. The work of one call is bounded; while {@link
   * #nextDeadlineNs()} is not after {@code nowNs}, there is more to do. Packets never see a session
   * whose time is up, whether this was called or not.
   */
  public void expire(long nowNs) {
    throw new UnsupportedOperationException("being written");
  }

  /** When to call {@link #expire} next, or {@code Long.MAX_VALUE}. */
  public long nextDeadlineNs() {
    throw new UnsupportedOperationException("being written");
  }

  /** Ends all sessions of a client, for when it leaves; walks all sessions. */
  public void removeClient(int client) {
    throw new UnsupportedOperationException("being written");
  }

  /** Sessions held, lingering ones included. */
  public int sessions() {
    throw new UnsupportedOperationException("being written");
  }

  /** Open sessions of one client, without lingering ones. */
  public int openSessions(int client) {
    throw new UnsupportedOperationException("being written");
  }

  /** External ports in use. */
  public int mappings() {
    throw new UnsupportedOperationException("being written");
  }

  /** The first session slot at or behind {@code from}, or -1. */
  public int nextSession(int from) {
    throw new UnsupportedOperationException("being written");
  }

  /** What is known of the session in a slot; allocates. */
  public NatSession session(int slot, long nowNs) {
    throw new UnsupportedOperationException("being written");
  }
}
