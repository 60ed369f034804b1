// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import oasis.packet.FlowKey;

/** What an engine shows of itself: counters, clients, flows, classes. Confined to the data loop. */
public final class EngineView {
  /** Behind the numbers of a backend's flows: those of relayed ones. */
  private static final int RELAYED = 1 << 26;

  private final FlowGate gate;
  private final RelayFlows relayed;
  private final PeerWatch watch;
  private final Totals totals;
  private final Clients clients;
  private final Sources sources;
  private final Backend backend;
  private final QueueStage queues;
  private final int mostFlows;
  private final FlowKey key = new FlowKey();
  private final FlowRecord record = new FlowRecord();

  EngineView(
      FlowGate gate,
      RelayFlows relayed,
      PeerWatch watch,
      Totals totals,
      Clients clients,
      Sources sources,
      Backend backend,
      QueueStage queues,
      int mostFlows) {
    this.gate = gate;
    this.relayed = relayed;
    this.watch = watch;
    this.totals = totals;
    this.clients = clients;
    this.sources = sources;
    this.backend = backend;
    this.queues = queues;
    this.mostFlows = mostFlows;
  }

  /** A snapshot of the counters; allocates. */
  public ExitInfo info() {
    return totals.info(clients.size(), sources.size(), backend.flows(), mostFlows);
  }

  /** Snapshots of at most {@code limit} clients; allocates. */
  public List<ClientInfo> clients(int limit) {
    List<ClientInfo> list = new ArrayList<>();
    for (int i = clients.next(0); i >= 0 && list.size() < limit; i = clients.next(i + 1)) {
      if (!clients.isPeer(i)) {
        list.add(clients.info(i, backend.liveFlows(i)));
      }
    }
    return list;
  }

  /** Snapshots of the peers; allocates. */
  public List<ClientInfo> peers() {
    return clients.peers().stream().map(i -> clients.info(i, backend.liveFlows(i))).toList();
  }

  /** Whether each peer lives; allocates. */
  public List<PeerState> peerStates(long now) {
    return watch.states(now);
  }

  /** Whether no flow may begin. */
  public boolean isDraining() {
    return gate.isDraining();
  }

  /** The number of a client's key, or 0 for one without. */
  public int keyId(int client) {
    return clients.keyId(client);
  }

  /** Whether a number that effects call a client's is a peer's; -1 is nobody's. */
  public boolean isPeer(int client) {
    return client >= 0 && clients.isPeer(client);
  }

  /** Snapshots of the classes; allocates. */
  public List<ClassInfo> classes() {
    return queues.classes();
  }

  /** Snapshots of at most {@code limit} flows; allocates. */
  public List<FlowInfo> flows(int limit, long now) {
    List<FlowInfo> list = new ArrayList<>();
    visitFlows(0, limit, flow -> list.add(FlowInfo.of(flow, now)));
    return list;
  }

  /**
   * Shows at most {@code most} flows to a visitor, from a slot on; the record is valid during its
   * call only.
   *
   * @return where to go on, or -1 when all were shown
   */
  public int visitFlows(int from, int most, Consumer<FlowRecord> visitor) {
    int flow = next(from);
    for (int i = 0; i < most && flow >= 0; i++) {
      if (flow < RELAYED) {
        read(flow);
      } else {
        relayed.read(flow - RELAYED, record);
      }
      visitor.accept(record);
      flow = next(flow + 1);
    }
    return flow;
  }

  private int next(int from) {
    int flow = from < RELAYED ? backend.nextFlow(from) : -1;
    if (flow < 0) {
      flow = relayed.next(Math.max(0, from - RELAYED));
      return flow < 0 ? -1 : RELAYED + flow;
    }
    return flow;
  }

  /**
   * Flows that have not ended, without relayed ones; allocates nothing, and looks at each client.
   */
  public int liveFlows() {
    int flows = 0;
    for (int i = clients.next(0); i >= 0; i = clients.next(i + 1)) {
      flows += backend.liveFlows(i);
    }
    return flows;
  }

  /** A flow as it stands; valid until the next call. */
  FlowRecord read(int flow) {
    backend.read(flow, record);
    record.relayed = false;
    int client = sources.client(record.source);
    record.clientKey = clients.keyId(client);
    clients.endpoint(client, key);
    record.clientHi = key.srcHi;
    record.clientLo = key.srcLo;
    record.clientPort = key.sport();
    sources.inner(record.source, key);
    record.innerHi = key.dstHi;
    record.innerLo = key.dstLo;
    return record;
  }
}
