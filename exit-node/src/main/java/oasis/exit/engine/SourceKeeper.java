// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.Icmp;
import org.jspecify.annotations.Nullable;

/**
 * Gives clients their sources and takes them away, in the table of sources, the list of clients and
 * the backend alike. Confined to the data loop.
 */
final class SourceKeeper {
  private final ExitLimits limits;
  private final FlowGate gate;
  private final Clients clients;
  private final Sources sources;
  private final Backend backend;
  private final Relay relay;

  SourceKeeper(
      ExitLimits limits,
      FlowGate gate,
      Clients clients,
      Sources sources,
      Backend backend,
      Relay relay) {
    this.limits = limits;
    this.gate = gate;
    this.clients = clients;
    this.sources = sources;
    this.backend = backend;
    this.relay = relay;
  }

  /**
   * Whether a packet from an inner address without a source may bring it one.
   *
   * @param client the sender's slot, or -1
   * @param peer the slot of the peer that it goes to, or -1
   * @return null, or why not
   */
  @Nullable DropReason mayAdd(Burst b, int client, int peer) {
    if (b.laterFragment()) {
      return DropReason.FRAGMENT;
    }
    if (Icmp.isError(b)) {
      return DropReason.NO_FLOW;
    }
    DropReason why = peer < 0 ? gate.mayBegin(b, backend) : FlowGate.mayBeRelayed(b);
    if (why == null
        && client >= 0
        && clients.sources(client) >= limits.sourcesPerClient()
        && !clients.isPeer(client)) {
      why = DropReason.FORBIDDEN_SOURCE;
    }
    return why;
  }

  /** A new source for a sender's inner address, or -1 when there is no room. */
  int add(Sender sender, long innerHi, long innerLo, long nowNs) {
    if (sources.exhausted()) {
      return -1;
    }
    // The one that goes may be the last of this very client.
    int evict = sources.toEvict();
    if (evict >= 0) {
      forget(evict);
    }
    int client = sender.find(clients);
    if (client < 0) {
      client = sender.add(clients);
    }
    if (client < 0) {
      return -1;
    }
    clients.addSource(client);
    int source = sources.add(client, innerHi, innerLo, nowNs);
    backend.sourceAdded(source, Addresses.isV4(innerHi, innerLo));
    return source;
  }

  private void forget(int source) {
    int client = sources.client(source);
    backend.sourceRemoved(source);
    relay.sourceRemoved(source);
    sources.remove(source);
    clients.removeSource(client);
  }

  /** Forgets sources that have been idle for too long. */
  void expire(long nowNs) {
    for (int source = sources.expired(nowNs); source >= 0; source = sources.expired(nowNs)) {
      forget(source);
    }
  }
}
