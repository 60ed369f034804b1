// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.FlowKey;
import oasis.packet.Icmp;
import oasis.packet.IcmpInner;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import org.jspecify.annotations.Nullable;

/**
 * A web proxy port. Programs' packets to the port go in by {@link #onProgram}, servers' by {@link
 * #onServer}; what is to be sent comes out by {@link PortEffects}. Each connection of a program
 * carries one request or one tunnel and becomes one connection to a server, whose numbers are
 * shifted, but whose streams are the program's and the server's own: congestion control, recovery
 * from loss and flow control stay between those two.
 *
 * <p>State is bounded: connections by number, and what they hold of heads and early bodies in
 * bytes. Confined to one thread; established connections allocate nothing.
 */
public final class WebPort {
  /** Least bytes of memory for packets that the engine writes. */
  public static final int MIN_SCRATCH_BYTES = 1 << 18;

  private static final int MAX_RESETS_PER_SECOND = 1000;
  private static final long SECOND_NS = 1_000_000_000L;
  private static final long NEVER = Long.MIN_VALUE;

  private final Connections connections;
  private final Segments segments;
  private final Opening opening;
  private final Answering answering;
  private final Dialing dialing;
  private final Relay relay;
  private final Delivery delivery;
  private final Events events = new Events();
  private final FlowKey key = new FlowKey();
  private long resetsSinceNs = NEVER;
  private int resets;

  /**
   * A port without connections.
   *
   * @param scratch big-endian memory for the packets that it writes, at least {@link
   *     #MIN_SCRATCH_BYTES}
   * @param scratchAddress native address of its index 0, or 0 in tests
   */
  public WebPort(PortConfig config, ByteBuffer scratch, long scratchAddress, PortEffects effects) {
    if (scratch.capacity() < MIN_SCRATCH_BYTES) {
      throw new IllegalArgumentException("scratch memory is too small");
    }
    connections = new Connections(config.maxConnections(), config.seed());
    segments = new Segments(scratch, scratchAddress, effects);
    delivery = new Delivery(connections, segments, events, config.idleTimeoutNs());
    answering = new Answering(connections, segments, delivery, events);
    Room room = new Room(connections, segments, answering, events, config.maxHeldBytes());
    opening = new Opening(config, connections, segments, answering, room, events, effects);
    dialing = new Dialing(config, connections, segments, answering, delivery, events);
    relay = new Relay(connections, segments, answering, room, delivery, events, effects);
  }

  /** A checked burst of a program to the port. */
  public void onProgram(Burst b, long nowNs) {
    if (b.protocol() != Ip.TCP || b.fragment()) {
      events.count(PortEvent.BROKEN);
      return;
    }
    int flags = Tcp.flags(b.buffer(), b.transport());
    Connection c = connections.ofProgram(key.of(b));
    boolean relays = c != null && c.relayed;
    if (!relays && !Checksum.isGood(b)) {
      events.count(PortEvent.BROKEN);
      return;
    }
    if (c != null && c.over() && Tcp.isFirst(flags)) {
      connections.remove(c);
      c = null;
    }
    if (c == null) {
      onStranger(b, flags, nowNs);
    } else if (relays) {
      relay.onProgram(c, b, flags, nowNs);
    } else {
      c.seenNs = nowNs;
      onUnconnected(c, b, flags, nowNs);
    }
  }

  private void onStranger(Burst b, int flags, long nowNs) {
    if (Tcp.isFirst(flags)) {
      opening.accept(b, key, nowNs);
      return;
    }
    events.count(PortEvent.UNKNOWN);
    reset(false, b, nowNs);
  }

  private void onUnconnected(Connection c, Burst b, int flags, long nowNs) {
    if ((flags & Tcp.RST) != 0) {
      int at = Tcp.seq(b.buffer(), b.transport()) - c.programNext;
      if (at < 0 || at > Math.max(0, c.programEdge - c.programNext)) {
        events.count(PortEvent.OUT_OF_WINDOW);
      } else {
        connections.remove(c);
      }
      return;
    }
    switch (c.stage) {
      case OPENING -> opening.onOpening(c, b, flags, nowNs);
      case HEAD, RESOLVING, DIALING -> {
        if ((flags & (Tcp.SYN | Tcp.ACK)) == Tcp.ACK) {
          opening.onEarly(c, b, flags, nowNs);
        } else {
          events.count(PortEvent.OUT_OF_WINDOW);
          opening.acknowledge(c); // whoever begins anew by this port resets it then (RFC 5961)
        }
      }
      case ANSWERING, OVER -> {
        if ((flags & Tcp.SYN) == 0) {
          answering.onProgram(c, b, flags, nowNs);
        } else {
          answering.acknowledge(c);
        }
      }
      case RELAY -> throw new IllegalStateException("relayed without a server");
    }
  }

  /** A checked burst of a server, or an ICMP error about a packet to one. */
  public void onServer(Burst b, long nowNs) {
    if (Icmp.isError(b)) {
      onPathError(b, nowNs);
      return;
    }
    if (b.protocol() != Ip.TCP || b.fragment()) {
      events.count(PortEvent.BROKEN);
      return;
    }
    key.of(b).reverse();
    int flags = Tcp.flags(b.buffer(), b.transport());
    Connection c = known();
    if (c == null) {
      events.count(PortEvent.UNKNOWN);
      reset(true, b, nowNs);
    } else if (c.relayed) {
      relay.onServer(c, b, flags, nowNs);
    } else if (c.stage == Connection.Stage.DIALING) {
      if (Checksum.isGood(b)) {
        dialing.onServer(c, b, flags, nowNs);
      } else {
        events.count(PortEvent.BROKEN);
      }
    } else {
      reset(true, b, nowNs); // the program has got an answer of ours
    }
  }

  /** The connection whose packets to its server carry the key, or null. */
  private @Nullable Connection known() {
    Connection c = connections.ofPort(key.sport());
    boolean same =
        c != null
            && c.server.ports == key.ports
            && c.server.dstLo == key.dstLo
            && c.server.dstHi == key.dstHi
            && c.server.srcLo == key.srcLo
            && c.server.srcHi == key.srcHi;
    return same ? c : null;
  }

  /**
   * A checked reset that whoever carries the packets wrote himself, in a server's name.
   *
   * @param why what the program is told if the server was being connected to
   */
  public void onRefused(Burst reset, Failure why, long nowNs) {
    key.of(reset).reverse();
    Connection c = known();
    if (c != null && c.stage == Connection.Stage.DIALING) {
      dialing.failed(c, why, nowNs);
    } else {
      onServer(reset, nowNs);
    }
  }

  private void onPathError(Burst b, long nowNs) {
    Connection c = IcmpInner.read(b, key) ? known() : null;
    if (c == null) {
      events.count(PortEvent.UNKNOWN);
      return;
    }
    int quoted = Tcp.seq(b.buffer(), IcmpInner.transport(b));
    if (!c.isOnItsWay(quoted)) {
      events.count(PortEvent.OUT_OF_WINDOW);
      return;
    }
    int type = Icmp.type(b.buffer(), b.transport());
    int code = Icmp.code(b.buffer(), b.transport());
    boolean v4 = b.version() == 4;
    boolean tooBig =
        v4
            ? type == Icmp.UNREACHABLE && code == Icmp.FRAGMENTATION_NEEDED
            : type == Icmp.V6_TOO_BIG;
    if (tooBig && c.relayed) {
      int mtu =
          v4
              ? b.buffer().getShort(b.transport() + 6) & 0xffff
              : b.buffer().getInt(b.transport() + 4);
      int most = PathLimit.segmentBytes(v4, mtu);
      if (most > 0) {
        relay.limitSegments(c, most);
        delivery.toServer(c, nowNs);
      }
    } else if (c.stage == Connection.Stage.DIALING
        && type == (v4 ? Icmp.UNREACHABLE : Icmp.V6_UNREACHABLE)) {
      dialing.failed(c, Failure.UNREACHABLE, nowNs);
    }
  }

  /**
   * The addresses of a host, best first.
   *
   * @param connection as {@link PortEffects#resolve} was given
   * @param addresses at least one
   */
  public void onResolved(long connection, List<Address> addresses, long nowNs) {
    Connection c = connections.ofId(connection);
    if (c != null && c.stage == Connection.Stage.RESOLVING) {
      dialing.begin(c, List.copyOf(addresses), nowNs);
    }
  }

  /** A host has no addresses, or may not be asked. */
  public void onUnresolved(long connection, Failure why, long nowNs) {
    Connection c = connections.ofId(connection);
    if (c != null && c.stage == Connection.Stage.RESOLVING) {
      answering.fail(c, why, nowNs);
    }
  }

  /** Does what is due. */
  public void onTimer(long nowNs) {
    for (Connection c = connections.due(nowNs); c != null; c = connections.due(nowNs)) {
      switch (c.stage) {
        case OPENING, HEAD, RESOLVING -> opening.onTimer(c, nowNs);
        case DIALING -> dialing.onTimer(c, nowNs);
        case RELAY -> relay.onTimer(c, nowNs);
        case ANSWERING -> answering.onTimer(c, nowNs);
        case OVER -> {
          if (delivery.silent(c, nowNs)) {
            connections.remove(c);
          } else {
            delivery.arm(c, nowNs);
          }
        }
      }
    }
  }

  /** When {@link #onTimer} wants to be called; {@link Long#MAX_VALUE} for never. */
  public long nextDeadlineNs() {
    return connections.nextDeadlineNs();
  }

  private void reset(boolean toServer, Burst about, long nowNs) {
    if (resetsSinceNs == NEVER || nowNs - resetsSinceNs >= SECOND_NS) {
      resetsSinceNs = nowNs;
      resets = 0;
    }
    if (resets < MAX_RESETS_PER_SECOND) {
      resets++;
      segments.reset(toServer, about);
    }
  }

  /** A snapshot of the counters. */
  public PortInfo info() {
    Map<String, Integer> byStage = new TreeMap<>();
    for (int slot = 0; slot < connections.capacity(); slot++) {
      Connection c = connections.at(slot);
      if (c != null) {
        byStage.merge(c.stage.name().toLowerCase(Locale.ROOT), 1, Integer::sum);
      }
    }
    return new PortInfo(
        connections.size(),
        connections.capacity(),
        byStage,
        connections.heldBytes(),
        events.all(),
        events.byStatus());
  }
}
