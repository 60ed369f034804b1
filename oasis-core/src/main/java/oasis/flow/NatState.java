// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import oasis.packet.Ip;
import oasis.packet.Tcp;

/** What a {@link NatEngine} knows of a session, and how long the session may then be idle. */
public enum NatState {
  /** A bare SYN went out (RFC 5382 REQ-5: partially open, not below 4 minutes). */
  SYN_SENT(240),
  /** A SYN came back, and no acknowledgement has gone out yet; partially open. */
  SYN_ANSWERED(240),
  /** Open (RFC 5382 REQ-5: not below 2 hours 4 minutes). */
  ESTABLISHED(7440),
  /** The client has sent its FIN; data may come for long (RFC 6146 section 3.5.2.2). */
  CLOSED_INSIDE(7440),
  /** The remote end has sent its FIN; data may go for long (RFC 6146 section 3.5.2.2). */
  CLOSED_OUTSIDE(7440),
  /** Both FINs were seen (RFC 5382 REQ-5: closing, not below 4 minutes). */
  CLOSED(240),
  /** A RST was seen (RFC 7857 section 2.2: 4 minutes, since it may have been forged). */
  RESET(240),
  /** UDP without an answer yet (RFC 4787 REQ-5: not below 2 minutes). */
  UDP_UNANSWERED(120),
  /** UDP both ways (RFC 4787 REQ-5: 5 minutes recommended). */
  UDP(300),
  /** UDP to port 53 without an answer yet (RFC 4787 REQ-5a: less for well-known ports). */
  DNS(60),
  /** UDP to port 53 whose last packet was an answer: most resolvers use a port only once. */
  DNS_ANSWERED(60),
  /** ICMP echo (RFC 5508 REQ-1: not below 60 seconds). */
  ECHO(60);

  private static final int DNS_PORT = 53;

  private final long idleNs;

  NatState(int idleSeconds) {
    idleNs = idleSeconds * 1_000_000_000L;
  }

  /** Longest time without a packet, in nanoseconds; the session ends when it is reached. */
  public long idleNs() {
    return idleNs;
  }

  /** Whether the connection is over, as far as can be told, and only its port is kept. */
  public boolean lingering() {
    return this == CLOSED || this == RESET || this == DNS_ANSWERED;
  }

  /**
   * The state with which a flow begins.
   *
   * @param protocol TCP, UDP or ICMP of either family
   */
  static NatState first(int protocol, int remotePort) {
    return switch (protocol) {
      case Ip.TCP -> SYN_SENT;
      case Ip.UDP -> remotePort == DNS_PORT ? DNS : UDP_UNANSWERED;
      default -> ECHO;
    };
  }

  /**
   * The state after one more packet of the session.
   *
   * @param tcpFlags TCP flags, 0 for other protocols
   */
  NatState after(boolean outbound, int tcpFlags) {
    return switch (this) {
      case UDP_UNANSWERED -> outbound ? this : UDP;
      case DNS, DNS_ANSWERED -> outbound ? DNS : DNS_ANSWERED;
      case UDP, ECHO -> this;
      default -> afterSegment(outbound, tcpFlags);
    };
  }

  private NatState afterSegment(boolean outbound, int flags) {
    if ((flags & Tcp.RST) != 0) {
      return RESET;
    }
    if (lingering()) {
      return reopened(outbound, flags);
    }
    NatState open = this;
    if (this == SYN_SENT && !outbound && (flags & Tcp.SYN) != 0) {
      open = SYN_ANSWERED;
    } else if (this == SYN_ANSWERED && outbound && (flags & Tcp.ACK) != 0) {
      open = ESTABLISHED;
    }
    return (flags & Tcp.FIN) == 0 ? open : open.afterFin(outbound);
  }

  /**
   * A client may use its port again at once. A reset connection lives on when its client still
   * sends (RFC 7857 section 2.2): after a forged RST it does, after a true one it does not. What
   * comes from outside proves nothing, since it may have been on its way.
   */
  private NatState reopened(boolean outbound, int flags) {
    if (!outbound) {
      return this;
    }
    if ((flags & Tcp.SYN) != 0) {
      return (flags & Tcp.ACK) == 0 ? SYN_SENT : this;
    }
    return this == RESET ? ESTABLISHED : this;
  }

  private NatState afterFin(boolean outbound) {
    return switch (this) {
      case SYN_ANSWERED, ESTABLISHED -> outbound ? CLOSED_INSIDE : CLOSED_OUTSIDE;
      case CLOSED_INSIDE -> outbound ? this : CLOSED;
      case CLOSED_OUTSIDE -> outbound ? CLOSED : this;
      default -> this;
    };
  }
}
