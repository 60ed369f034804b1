// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import oasis.packet.Ip;
import oasis.packet.Tcp;

/** What a {@link NatEngine} knows of a session, and how long the session may then be idle. */
public enum NatState {
  /** A bare SYN went out (RFC 5382 REQ-5: partially open, not below 4 minutes). */
  SYN_SENT(240, 1),
  /** A SYN came back, and no acknowledgement has gone out yet; partially open. */
  SYN_ANSWERED(240, 1),
  /** A SYN came from outside, where filtering lets it in; partially open. */
  SYN_RECEIVED(240, 1),
  /** The client has answered a SYN from outside; partially open. */
  SYN_REPLIED(240, 1),
  /** Open (RFC 5382 REQ-5: not below 2 hours 4 minutes). */
  ESTABLISHED(7440, 7440),
  /** The client has sent its FIN; data may come for long (RFC 6146 section 3.5.2.2). */
  CLOSED_INSIDE(7440, 7440),
  /** The remote end has sent its FIN; data may go for long (RFC 6146 section 3.5.2.2). */
  CLOSED_OUTSIDE(7440, 7440),
  /** Both FINs were seen (RFC 5382 REQ-5: closing, not below 4 minutes). */
  CLOSED(240, 1),
  /** A RST was seen (RFC 7857 section 2.2: 4 minutes, since it may have been forged). */
  RESET(240, 1),
  /** UDP without an answer yet (RFC 4787 REQ-5: not below 2 minutes). */
  UDP_UNANSWERED(120, 120),
  /** UDP from outside, where filtering lets it in, without an answer of the client yet. */
  UDP_RECEIVED(120, 120),
  /** UDP both ways (RFC 4787 REQ-5: 5 minutes recommended). */
  UDP(300, 120),
  /** UDP to port 53 without an answer yet (RFC 4787 REQ-5a: less for well-known ports). */
  DNS(60, 1),
  /** UDP to port 53 whose last packet was an answer: most resolvers use a port only once. */
  DNS_ANSWERED(60, 1),
  /** ICMP echo without an answer yet (RFC 5508 REQ-2: not below 60 seconds). */
  ECHO_UNANSWERED(60, 60),
  /** ICMP echo both ways (RFC 5508 REQ-2). */
  ECHO(60, 60);

  private static final int DNS_PORT = 53;

  private final long idleNs;
  private final int leastSeconds;

  NatState(int idleSeconds, int leastSeconds) {
    idleNs = idleSeconds * 1_000_000_000L;
    this.leastSeconds = leastSeconds;
  }

  /**
   * Longest time without a packet, in nanoseconds, unless {@link NatTimeouts} say otherwise; the
   * session ends when it is reached.
   */
  public long idleNs() {
    return idleNs;
  }

  /**
   * Least such time that may be set. A partially open or closing connection may be given less than
   * the default (RFC 7857 section 2.1).
   */
  int leastSeconds() {
    return leastSeconds;
  }

  /** Whether the connection is on its way to open. */
  public boolean opening() {
    return this == SYN_SENT || this == SYN_ANSWERED || this == SYN_RECEIVED || this == SYN_REPLIED;
  }

  /** Whether the connection is over, as far as can be told, and only its port is kept. */
  public boolean lingering() {
    return this == CLOSED || this == RESET || this == DNS_ANSWERED;
  }

  /**
   * Whether one end has not had its say yet: the connection is on its way to open, or nobody has
   * answered. Such sessions are the first to be given up for others.
   */
  public boolean pending() {
    return switch (this) {
      case UDP_UNANSWERED, UDP_RECEIVED, DNS, ECHO_UNANSWERED -> true;
      default -> opening();
    };
  }

  /** Whether a flow of this protocol can be in this state. */
  boolean fits(int protocol) {
    return switch (this) {
      case UDP_UNANSWERED, UDP_RECEIVED, UDP, DNS, DNS_ANSWERED -> protocol == Ip.UDP;
      case ECHO_UNANSWERED, ECHO -> protocol == Ip.ICMP || protocol == Ip.ICMP6;
      default -> protocol == Ip.TCP;
    };
  }

  /**
   * The state with which a flow of a client begins.
   *
   * @param protocol TCP, UDP or ICMP of either family
   */
  static NatState first(int protocol, int remotePort) {
    return switch (protocol) {
      case Ip.TCP -> SYN_SENT;
      case Ip.UDP -> remotePort == DNS_PORT ? DNS : UDP_UNANSWERED;
      default -> ECHO_UNANSWERED;
    };
  }

  /** The state with which a flow from outside begins, of TCP or UDP. */
  static NatState firstInbound(int protocol) {
    return protocol == Ip.TCP ? SYN_RECEIVED : UDP_RECEIVED;
  }

  /**
   * Whether a packet keeps the session alive. A RST must not, once the connection is reset (RFC
   * 7857 section 7.1); nor may a stranger keep alive what no client has answered (RFC 4787 section
   * 11).
   */
  boolean refreshed(boolean outbound, int tcpFlags) {
    if (this == RESET) {
      return (tcpFlags & Tcp.RST) == 0;
    }
    return outbound || (this != UDP_RECEIVED && this != SYN_RECEIVED);
  }

  /**
   * The state after one more packet of the session.
   *
   * @param tcpFlags TCP flags, 0 for other protocols
   */
  NatState after(boolean outbound, int tcpFlags) {
    return switch (this) {
      case UDP_UNANSWERED -> outbound ? this : UDP;
      case UDP_RECEIVED -> outbound ? UDP : this;
      case DNS, DNS_ANSWERED -> outbound ? DNS : DNS_ANSWERED;
      case ECHO_UNANSWERED -> outbound ? this : ECHO;
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
    NatState open = opened(outbound, flags);
    return (flags & Tcp.FIN) == 0 ? open : open.afterFin(outbound);
  }

  /**
   * One handshake after the other. A bare SYN from outside answers ours, too: both ends may open at
   * the same time (RFC 5382 REQ-2a).
   */
  private NatState opened(boolean outbound, int flags) {
    boolean syn = (flags & Tcp.SYN) != 0;
    boolean ack = (flags & Tcp.ACK) != 0;
    return switch (this) {
      case SYN_SENT -> !outbound && syn ? SYN_ANSWERED : this;
      case SYN_ANSWERED -> outbound && ack ? ESTABLISHED : this;
      case SYN_RECEIVED -> outbound && syn ? SYN_REPLIED : this;
      case SYN_REPLIED -> !outbound && ack ? ESTABLISHED : this;
      default -> this;
    };
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
      case SYN_ANSWERED, SYN_REPLIED, ESTABLISHED -> outbound ? CLOSED_INSIDE : CLOSED_OUTSIDE;
      case CLOSED_INSIDE -> outbound ? this : CLOSED;
      case CLOSED_OUTSIDE -> outbound ? CLOSED : this;
      default -> this;
    };
  }
}
