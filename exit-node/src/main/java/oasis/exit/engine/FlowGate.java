// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.nio.ByteBuffer;
import java.util.List;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Icmp;
import oasis.packet.Ip;
import oasis.packet.Prefix;
import oasis.packet.Tcp;
import org.jspecify.annotations.Nullable;

/**
 * Which clients are let in, and which of their packets may begin a flow: by the protocol, by the
 * inner source, and by the destination. Confined to the data loop.
 */
final class FlowGate {
  private final FlowKey key = new FlowKey();
  private Prefix[] allowed;
  private DestinationPolicy policy;
  private List<Address> own = List.of();
  private boolean draining;

  FlowGate(EngineConfig config) {
    allowed = allowed(config);
    policy = policy(config);
  }

  /** Takes other clients and destinations from now on. */
  void set(EngineConfig config) {
    allowed = allowed(config);
    policy = policy(config);
    policy.ownAddresses(own);
  }

  /** Whether no flow may begin. */
  void drain(boolean on) {
    draining = on;
  }

  boolean isDraining() {
    return draining;
  }

  private static Prefix[] allowed(EngineConfig config) {
    return config.allowed().toArray(Prefix[]::new);
  }

  private static DestinationPolicy policy(EngineConfig config) {
    return new DestinationPolicy(
        config.opened(), List.of(config.pool(), config.pool6()), config.closedPorts());
  }

  /** Sets the node's own addresses, which clients may not reach. */
  void ownAddresses(List<Address> addresses) {
    own = addresses;
    policy.ownAddresses(addresses);
  }

  /** Whether an address may be a client's. */
  boolean admits(long hi, long lo) {
    for (Prefix prefix : allowed) {
      if (prefix.contains(hi, lo)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether a client's packet may begin a flow.
   *
   * @param b checked; for a later fragment only its addresses are looked at
   * @param backend knows which of the node's own ports lead back to a client
   * @return null, or why not
   */
  @Nullable DropReason mayBegin(Burst b, Backend backend) {
    ByteBuffer m = b.buffer();
    int at = b.start();
    DropReason why = b.laterFragment() ? null : beginsFlow(b);
    if (why == null) {
      why = mayBeRelayed(b);
    }
    if (why != null) {
      return why;
    }
    if (draining && !b.laterFragment()) {
      return DropReason.DRAINING;
    }
    if (!policy.permits(Ip.dstHi(m, at), Ip.dstLo(m, at))) {
      boolean turnsBack = !b.laterFragment() && backend.hairpins(b);
      return turnsBack ? null : DropReason.FORBIDDEN_DESTINATION;
    }
    boolean closed =
        b.protocol() == Ip.TCP && !b.laterFragment() && !policy.permitsPort(key.of(b).dport());
    return closed ? DropReason.FORBIDDEN_SERVICE : null;
  }

  /**
   * Whether a stranger's packet may begin a flow, over which its client could answer.
   *
   * @return null, or why not
   */
  @Nullable DropReason mayBeginInbound(int protocol, long remoteHi, long remoteLo, int remotePort) {
    if (draining) {
      return DropReason.DRAINING;
    }
    if (!policy.permits(remoteHi, remoteLo)) {
      return DropReason.FORBIDDEN_DESTINATION;
    }
    boolean closed = protocol == Ip.TCP && !policy.permitsPort(remotePort);
    return closed ? DropReason.FORBIDDEN_SERVICE : null;
  }

  /** Whether a packet may go on to a peer: its inner source must be one host's. */
  static @Nullable DropReason mayBeRelayed(Burst b) {
    boolean host = isHost(Ip.srcHi(b.buffer(), b.start()), Ip.srcLo(b.buffer(), b.start()));
    return host ? null : DropReason.BAD_HEADER;
  }

  private static @Nullable DropReason beginsFlow(Burst b) {
    return switch (b.protocol()) {
      // RFC 7857 section 2: only a SYN makes a mapping.
      case Ip.TCP -> Tcp.isFirst(Tcp.flags(b)) ? null : DropReason.NO_FLOW;
      case Ip.UDP -> null;
      default -> Icmp.isEchoRequest(b) ? null : DropReason.UNSUPPORTED_PROTOCOL;
    };
  }

  /** An address that one host can have, and use beyond its link. */
  private static boolean isHost(long hi, long lo) {
    if (!Addresses.isV4(hi, lo)) {
      return !Addresses.isUnspecified(hi, lo)
          && !Addresses.isLoopback(hi, lo)
          && !Addresses.isLinkLocal(hi, lo)
          && !Addresses.isMulticast(hi, lo);
    }
    int first = (int) (lo >>> 24) & 0xff;
    return first != 0 && first != 127 && first < 224;
  }
}
