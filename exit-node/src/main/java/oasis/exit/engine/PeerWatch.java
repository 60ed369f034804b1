// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import oasis.packet.FlowKey;
import org.jspecify.annotations.Nullable;

/**
 * Watches whether the other nodes of the overlay live: sends each a keep-alive now and then, as
 * they do to this one, and notes when anything came from them. A node that knows this one as a
 * client answers instead, which serves as well. Confined to the data loop.
 */
final class PeerWatch {
  /** Time between two keep-alives to a peer. */
  static final long PERIOD_NS = TimeUnit.SECONDS.toNanos(5);

  /**
   * A peer that has been silent for longer is taken for dead: three of its keep-alives are lost.
   */
  static final long PATIENCE_NS = 3 * PERIOD_NS + TimeUnit.SECONDS.toNanos(1);

  private static final long NS_PER_MS = 1_000_000;

  private static final class Watched {
    final Peer peer;
    final int slot;
    boolean heard;
    long heardNs;

    Watched(Peer peer, int slot) {
      this.peer = peer;
      this.slot = slot;
    }
  }

  private final Clients clients;
  private final ExitEffects out;
  private final @Nullable Watched[] bySlot;
  private final FlowKey key = new FlowKey();
  private Watched[] all = {};
  private long dueNs;

  /**
   * @param slots how many slots clients and peers have
   */
  PeerWatch(Clients clients, int slots, ExitEffects out) {
    this.clients = clients;
    this.out = out;
    bySlot = new @Nullable Watched[slots];
  }

  /** Watches the peers that there are now; of those that stay it knows what it knew. */
  void setPeers(long nowNs) {
    List<Watched> list = new ArrayList<>();
    for (int slot : clients.peers()) {
      Peer peer = clients.peer(slot);
      Watched before = bySlot[slot];
      if (peer != null) {
        boolean stays = before != null && before.peer.equals(peer);
        list.add(stays ? before : new Watched(peer, slot));
      }
    }
    for (Watched each : all) {
      bySlot[each.slot] = null;
    }
    all = list.toArray(Watched[]::new);
    for (Watched each : all) {
      bySlot[each.slot] = each;
    }
    dueNs = nowNs;
  }

  /** Something came from a sender, a peer or not. */
  void heard(int client, long nowNs) {
    Watched peer = client < 0 ? null : bySlot[client];
    if (peer != null) {
      peer.heard = true;
      peer.heardNs = nowNs;
    }
  }

  /** When {@link #onDue} wants to run; Long.MAX_VALUE for never. */
  long nextDeadlineNs() {
    return all.length == 0 ? Long.MAX_VALUE : dueNs;
  }

  /** Sends keep-alives when it is time to. */
  void onDue(long nowNs) {
    if (all.length == 0 || nowNs - dueNs < 0) {
      return;
    }
    dueNs = nowNs + PERIOD_NS;
    for (Watched each : all) {
      clients.endpoint(each.slot, key);
      out.keepAlive(clients.keyId(each.slot), key.srcHi, key.srcLo, key.sport());
    }
  }

  /** What is known of each; allocates. */
  List<PeerState> states(long nowNs) {
    List<PeerState> states = new ArrayList<>();
    for (Watched each : all) {
      clients.endpoint(each.slot, key);
      long silentNs = nowNs - each.heardNs;
      states.add(
          new PeerState(
              each.peer.name(),
              Snapshots.endpoint(key.srcHi, key.srcLo, key.sport()),
              each.heard ? Math.max(0, silentNs / NS_PER_MS) : PeerState.NEVER,
              each.heard && silentNs <= PATIENCE_NS));
    }
    return states;
  }
}
