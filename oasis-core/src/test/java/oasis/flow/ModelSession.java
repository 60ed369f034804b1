// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import oasis.packet.Ip;
import oasis.packet.Tcp;

/** A session of the model behind {@link NatOracleTest}, told by what was seen of it. */
final class ModelSession {
  record Inner(int client, int protocol, long address, int port) {}

  record Remote(long address, int port) {}

  final Inner inner;
  final Remote remote;
  long seenNs;
  int pendingSince;
  boolean answered;
  boolean acknowledged;
  boolean finOut;
  boolean finIn;
  boolean reset;

  ModelSession(Inner inner, Remote remote) {
    this.inner = inner;
    this.remote = remote;
  }

  boolean isDns() {
    return inner.protocol == Ip.UDP && remote.port == 53;
  }

  boolean over() {
    return isDns() ? answered : reset || finOut && finIn;
  }

  boolean pending() {
    return !over() && (inner.protocol == Ip.TCP ? !acknowledged : !answered);
  }

  long idleSeconds() {
    return switch (inner.protocol) {
      case Ip.TCP -> over() || !acknowledged ? 240 : 7440;
      case Ip.UDP -> isDns() ? 60 : answered ? 300 : 120;
      default -> 60;
    };
  }

  boolean revives(int flags) {
    boolean syn = (flags & (Tcp.SYN | Tcp.ACK | Tcp.RST)) == Tcp.SYN;
    return over() && (isDns() || syn || reset && (flags & (Tcp.SYN | Tcp.RST)) == 0);
  }

  void packet(boolean outbound, int flags) {
    if (inner.protocol != Ip.TCP) {
      answered = !outbound || answered && !isDns();
      return;
    }
    if ((flags & Tcp.RST) != 0) {
      reset = true;
    } else if (over()) {
      if (outbound && (flags & (Tcp.SYN | Tcp.ACK)) == Tcp.SYN) {
        answered = acknowledged = finOut = finIn = reset = false;
      } else if (outbound && (flags & Tcp.SYN) == 0 && reset) {
        answered = acknowledged = true;
        finOut = finIn = reset = false;
      }
    } else {
      answered |= !outbound && (flags & Tcp.SYN) != 0;
      acknowledged |= answered && outbound && (flags & Tcp.ACK) != 0;
      boolean fin = answered && (flags & Tcp.FIN) != 0;
      // A connection that its remote end closes unacknowledged waits as long as an open one.
      acknowledged |= fin;
      finOut |= fin && outbound;
      finIn |= fin && !outbound;
    }
  }
}
