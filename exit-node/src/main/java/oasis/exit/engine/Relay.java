// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntUnaryOperator;
import oasis.flow.StateException;
import oasis.flow.StateReader;
import oasis.flow.StateWriter;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Icmp;
import oasis.packet.IcmpInner;
import oasis.packet.Ip;
import oasis.packet.Prefix;
import oasis.packet.Rewrite;
import org.jspecify.annotations.Nullable;

/**
 * Takes packets on to other nodes of the overlay, and brings their answers back. A packet whose
 * destination lies in a peer's prefixes goes to that peer, with a source address that stands for
 * (client, inner address) among this node's peers: two clients with one inner address do not
 * collide there, and the answer finds its way back without a state for each flow. Ports stay. Flows
 * are noted ({@link RelayFlows}) only to tell of them.
 *
 * <p>Each hop takes one from the time to live, and a packet never returns to the peer that it came
 * from, so that a loop of nodes ends. Confined to the data loop.
 */
final class Relay {
  /** Result of {@link #inbound}: no packet that comes back. */
  static final int NOT_OURS = -1;

  /** Result of {@link #inbound}: dropped, see {@link #lastDrop}. */
  static final int DROPPED = -2;

  private static final int NONE = -1;

  private record Way(Prefix prefix, int peer) {}

  private final Sources sources;
  private final RelayFlows flows;
  private final AddressPool pool4;
  private final AddressPool pool6;
  private final BitSet mapped = new BitSet();
  private final FlowKey key = new FlowKey();
  private final FlowKey inner = new FlowKey();
  private Way[] ways = {};
  private DropReason lastDrop = DropReason.NO_FLOW;

  Relay(EngineConfig config, Sources sources, RelayFlows flows) {
    this.sources = sources;
    this.flows = flows;
    pool4 = new AddressPool(config.pool(), config.maxSources(), config.seed() ^ 5);
    pool6 = new AddressPool(config.pool6(), config.maxSources(), config.seed() ^ 7);
  }

  /** Sets where packets go; of several prefixes that hold a destination the longest decides. */
  void setPeers(Clients clients) {
    List<Way> list = new ArrayList<>();
    for (int slot : clients.peers()) {
      Peer peer = clients.peer(slot);
      if (peer != null) {
        peer.prefixes().forEach(prefix -> list.add(new Way(prefix, slot)));
      }
    }
    list.sort(Comparator.comparingInt((Way way) -> way.prefix.bits()).reversed());
    ways = list.toArray(Way[]::new);
  }

  /**
   * The peer that takes a packet on.
   *
   * @param from slot of its sender, or -1
   * @return its slot, or -1
   */
  int towards(Burst b, int from) {
    if (ways.length == 0) {
      return NONE;
    }
    long hi = Ip.dstHi(b.buffer(), b.start());
    long lo = Ip.dstLo(b.buffer(), b.start());
    for (Way way : ways) {
      if (way.prefix.contains(hi, lo)) {
        return way.peer == from ? NONE : way.peer;
      }
    }
    return NONE;
  }

  /** Gives a packet of a source the address that stands for it; null, or why not. */
  @Nullable DropReason outbound(Burst b, int source, long nowNs) {
    if (Ip.ttl(b.buffer(), b.start()) <= 1) {
      return DropReason.EXPIRED;
    }
    AddressPool pool = pool(b);
    if (!mapped.get(source)) {
      pool.take(source);
      mapped.set(source);
    }
    if (b.laterFragment()) {
      Rewrite.source(b, pool.hi(), pool.lo(source), 0);
    } else if (!Icmp.isError(b)) {
      key.of(b);
      key.srcHi = pool.hi();
      key.srcLo = pool.lo(source);
      DropReason why = flows.sent(key, source, b, nowNs);
      if (why != null) {
        return why;
      }
      Rewrite.source(b, pool.hi(), pool.lo(source), key.sport());
    } else if (IcmpInner.read(b, key)) {
      IcmpInner.destination(b, pool.hi(), pool.lo(source), key.dport());
      Rewrite.source(b, pool.hi(), pool.lo(source), 0);
    } else {
      return DropReason.NO_FLOW;
    }
    Rewrite.lowerTtl(b);
    sources.touch(source, nowNs);
    return null;
  }

  /**
   * Translates a packet from a peer back if it is an answer.
   *
   * @return slot of the client it is for, {@link #NOT_OURS} or {@link #DROPPED}
   */
  int inbound(Burst b, long nowNs) {
    int source = pool(b).source(Ip.dstHi(b.buffer(), b.start()), Ip.dstLo(b.buffer(), b.start()));
    if (source < 0) {
      return NOT_OURS;
    }
    if (Ip.ttl(b.buffer(), b.start()) <= 1) {
      return drop(DropReason.EXPIRED);
    }
    sources.inner(source, inner);
    if (Icmp.isError(b)) {
      if (!IcmpInner.read(b, key)
          || key.srcHi != Ip.dstHi(b.buffer(), b.start())
          || key.srcLo != Ip.dstLo(b.buffer(), b.start())) {
        return drop(DropReason.NO_FLOW);
      }
      IcmpInner.source(b, inner.dstHi, inner.dstLo, key.sport());
      Rewrite.destination(b, inner.dstHi, inner.dstLo, 0);
    } else {
      int port = 0;
      if (!b.laterFragment()) {
        port = key.of(b).dport();
        key.reverse();
        flows.received(key, b, nowNs);
      }
      Rewrite.destination(b, inner.dstHi, inner.dstLo, port);
    }
    Rewrite.lowerTtl(b);
    sources.touch(source, nowNs);
    return sources.client(source);
  }

  private int drop(DropReason why) {
    lastDrop = why;
    return DROPPED;
  }

  /** Why {@link #inbound} dropped a packet. */
  DropReason lastDrop() {
    return lastDrop;
  }

  /** A source goes, and the address that stood for it with it. */
  void sourceRemoved(int source) {
    if (mapped.get(source)) {
      mapped.clear(source);
      poolOf(source).free(source);
    }
  }

  private AddressPool pool(Burst b) {
    return b.version() == 4 ? pool4 : pool6;
  }

  /** Writes which addresses stand for whom. */
  void write(StateWriter out) {
    out.section("relay");
    pool4.write(out);
    pool6.write(out);
    out.putInt(mapped.cardinality());
    for (int source = mapped.nextSetBit(0); source >= 0; source = mapped.nextSetBit(source + 1)) {
      out.putInt(source);
      out.putInt(poolOf(source).index(source));
    }
  }

  /**
   * Goes on from there.
   *
   * @param newSources the number here of a source with another number there; -1 for none
   */
  void restore(StateReader in, IntUnaryOperator newSources) throws StateException {
    in.section("relay");
    pool4.restore(in);
    pool6.restore(in);
    int count = in.takeInt("number of sources", 0, sources.size());
    for (int i = 0; i < count; i++) {
      int source = newSources.applyAsInt(in.takeInt("source", 0, Renumbering.MOST));
      if (source < 0 || mapped.get(source)) {
        throw in.fail("a source is unknown, or there twice");
      }
      poolOf(source).restore(source, in);
      mapped.set(source);
    }
    pool4.check(in);
    pool6.check(in);
  }

  private AddressPool poolOf(int source) {
    return sources.isV4(source) ? pool4 : pool6;
  }
}
